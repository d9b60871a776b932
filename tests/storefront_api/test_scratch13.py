import json, traceback
import pytest
from datetime import timedelta
from lib.clock import now
from tests.storefront_api.test_events import *
H=[None,True,False,0,-1,1.5,1e308,2**63,10**400,"","  ","\x00","\ud800","\u202ex","x"*70000,[],[1],[[]],{}, {"a":1},{"id":1},{"id":True},{"id":1.0},{"id":"1"},{"id":" 1 "},{"id":None},{"external_id":None},{"external_id":5},{"external_id":["mara"]},{"email":"\ud800"},{"email":"İ@x"},{"external_id":"\ud800"},{"external_id":"mara","zzz":1},
"0001-01-01","9999-12-31T23:59:59-14:00","0001-01-01T00:00:00+14:00","2026-11-01","2026-11-01T10:00","2026-11-01T10:00:00Z","2026-11-01T10:00:60Z","1e3","1700000000",1700000000,"2026-03-29T02:30:00","2026-10-25T02:30:00","2026-11-01T10:00:00+23:59","2026-11-01T10:00:00+99:99","20261101","2026-W44-1","instagram","Instagram",{"x":{"y":{"z":[1]*500}}},{"x":10**400},{"":1},{"é\u0301":1},{"a"*4000:1}]
def raw(v): return json.dumps(v)
def test_events_fuzz(api, mara):
    bad=[];acc={}
    for base in (REVIEW, {"event":"social_follow","network":"instagram","member":{"external_id":"mara"},"reference":"f"},{"event":"quiz.done","member":{"email":"MARA@example.com"},"reference":"q"}):
        for f in ("event","member","reference","occurred_at","network","properties","zzz"):
            for i,h in enumerate(H):
                b=base|{"reference":f"r{f}{i}{base['event']}"}|{f:h}
                r=api.post("/api/v1/events/",json.dumps(b),content_type="application/json")
                if r.status_code>=500 : bad.append((base["event"],f,repr(h)[:50],r.status_code,r.content[:300]))
                elif r.status_code==400:
                    if f not in r.json() and f!="zzz": bad.append(("field",base["event"],f,repr(h)[:50],r.content[:200]))
                else: acc.setdefault(f,[]).append((repr(h)[:40],r.status_code))
    for b in bad: print(b)
    for k,v in acc.items(): print(k,v)
    url="/api/v1/events/"
    for ct,data in (("text/plain","{}"),("application/x-www-form-urlencoded","event=review"),("multipart/form-data; boundary=x","--x--"),("application/json; charset=utf-16",json.dumps(REVIEW).encode("utf-16")),("application/json; charset=zzz",json.dumps(REVIEW)),("application/json",b"\xef\xbb\xbf"+json.dumps(REVIEW|{"reference":"bom"}).encode()),("",""),("application/json",b"1"),("application/json",b'"x"'),("application/json",b"null"),("application/json",b"x"*3_000_000),("application/json",b'{"event":"review","event":"visit","member":{"id":1},"reference":"d"}'),("application/json",json.dumps(REVIEW|{"properties":{str(n):"x"*1000 for n in range(3000)}})),("application/json",b'{"a":'*90000),("application/json",b'{"properties":'+b'{"a":'*3000+b'1'+b'}'*3001)):
        r=api.post(url,data,content_type=ct); print(ct,data[:20],r.status_code,r.content[:150])
    for key in ("","x"*201,"a b","é","a\tb","\u200b"):
        try:
            r=api.post(url,json.dumps({k:v for k,v in REVIEW.items() if k!="reference"}),content_type="application/json",headers={"Idempotency-Key":key}); print(repr(key)[:10],r.status_code,r.content[:100])
        except Exception as e: print("hdr",repr(e)[:100])
    for m in ("get","put","patch","delete","options"): print(m,getattr(api,m)(url).status_code)
    for f in ("birthday","subscribed","zzz"):
        for h in H:
            r=api.patch(f"/api/v1/members/{mara.pk}/",json.dumps({f:h}),content_type="application/json")
            if r.status_code>=500 or (r.status_code==200) : print("PATCH",f,repr(h)[:40],r.status_code,r.content[:80])
    for i in ("9"*40,"0","-1","zz","٣",str(2**63)):
        r=api.patch(f"/api/v1/members/{i}/","{}",content_type="application/json"); print(i[:10],r.status_code)
    for b in (b"",b"null",b"[1]",b"1",b'{"birthday":"06-14","birthday":"07-14"}'):
        r=api.patch(f"/api/v1/members/{mara.pk}/",b,content_type="application/json"); print(b,r.status_code,r.content[:80])
    s=mara.shop
    assert not bad

def test_claims(widget,mara):
    for f in ("event","network","zzz"):
        for h in H:
            for base in ({"event":"visit"},{"event":"social_follow","network":"instagram"}):
                d=json.dumps(base|{f:h}).encode()
                st,pb=claim(widget,d)
                if st>=500 or (st==200 and f=="zzz"): print("CLAIM",f,repr(h)[:40],st,pb)
    print(claim(widget,b'{"event":"visit","event":"social_follow","network":"instagram"}'))
    print(claim(widget,b"\xef\xbb\xbf"+b'{"event":"visit"}'), claim(widget,'{"event":"visit"}'.encode("utf-16")), claim(widget,b"x"*1025)[0])
