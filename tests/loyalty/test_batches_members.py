"""Whose row of a file it is: known members, those who are not yet, and what is known of them."""

from datetime import datetime

from django_scopes import scope

from loyalty.actions.batches import Upload, apply, carry_on, check, claim_waiting, outcome, undo
from loyalty.actions.programs import open_shop
from loyalty.models import BatchRow
from shops.models import Connection, Customer, Shop
from tests.loyalty.batch_stories import WHO, balance, entries, problems, upload, verified
from tests.storefront_api.stories import customer, store


def test_a_member_who_is_there_twice_is_refused_with_both_lines(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "external_id,email,points,reason\n,mia@corner.example,5,x\n,new@corner.example,5,x\n1,,6,x\n"
    text += ",NEW@corner.example,7,x\n"
    found = problems(check(shop, upload(text, "import")))
    assert found == {
        2: "the same member is also in line 4",
        3: "the same member is also in line 5",
        4: "the same member is also in line 2",
        5: "the same member is also in line 3",
    }
    text = "email,points,reason\nmia@corner.example,5,x\nmia@corner.example,-3,x\n"
    carry_on(apply(check(shop, upload(text, allow_repeats=True)), WHO))
    assert balance(mia) == 2


def test_whose_row_it_is(shop: Shop, linked: Connection) -> None:
    customer(linked, "1", "mia@corner.example")
    customer(linked, "2", "twin@corner.example")
    customer(linked, "3", "Twin@corner.example")
    customer(linked, "4", "both@corner.example")
    verified(linked, "5", "both@corner.example")
    text = "external_id,email,points,reason\n9,,5,x\n,twin@corner.example,5,x\n1,twin@corner.example,5,x\n"
    text += "2,mia@corner.example,5,x\n,both@corner.example,5,x\n9,mia@corner.example,5,x\n"
    batch = check(shop, upload(text, "import"))
    found = problems(batch)
    assert "no customer of the shop" in found[2]
    assert "several customers have this address" in found[3]
    assert "belong to different customers" in found[4]
    assert "belong to different customers" in found[5]
    assert set(found) == {2, 3, 4, 5}
    with scope(shop=shop):
        owner = BatchRow.objects.get(batch=batch, line=6).customer
        assert owner is not None
        assert owner.external_id == "5"


def test_another_shops_members_are_nobody(shop: Shop, linked: Connection) -> None:
    other = open_shop("Elsewhere", "EUR", "UTC")
    customer(store(other), "theirs", "tim@elsewhere.example")
    batch = check(shop, upload("external_id,email,points,reason\ntheirs,,5,x\n,tim@elsewhere.example,5,x\n"))
    assert set(problems(batch)) == {2, 3}


def test_balances_of_unknown_members_wait_for_a_proved_address(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "email,points,birthday\nMia@corner.example,120,1990-05-27\nnew@corner.example,30,1004-02-29\n"
    text += "z@x.example,0,\n"
    batch = check(shop, Upload(text.encode(), "import", WHO, format="smile"))
    assert (batch.totals["known"], batch.totals["unknown"], batch.totals["points_waiting"]) == (1, 1, 30)
    assert claim_waiting() == 0  # nothing was applied yet
    assert carry_on(apply(batch, WHO))
    assert (balance(mia), outcome(batch)["unclaimed"]) == (120, 1)
    assert entries(shop)[0].kind == "import"
    mia.refresh_from_db()
    assert (mia.birth_month, mia.birth_day) == (5, 27)

    new = customer(linked, "2", "New@corner.example")
    assert claim_waiting() == 0  # anybody may say so
    with scope(shop=shop):
        Customer.objects.filter(pk=new.pk).update(email_verified=True)
    assert claim_waiting() == 1
    assert claim_waiting() == 0
    assert balance(new) == 30
    new.refresh_from_db()
    assert (new.birth_month, new.birth_day) == (2, 29)
    assert carry_on(undo(batch, WHO))
    assert (balance(mia), balance(new)) == (0, 0)


def test_what_the_store_knows_of_a_customer_is_kept(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    joined = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    with scope(shop=shop):
        Customer.objects.filter(pk=mia.pk).update(birth_month=1, birth_day=2, joined_at=joined)
    text = "email,points,birthday,created_at\nmia@corner.example,0,1990-05-27,2024-04-04T15:10:42.030Z\n"
    carry_on(apply(check(shop, Upload(text.encode(), "import", WHO, format="smile")), WHO))
    mia.refresh_from_db()
    assert (mia.birth_month, mia.birth_day, mia.joined_at) == (1, 2, joined)
    assert entries(shop) == []
