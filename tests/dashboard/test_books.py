"""The liability, what will expire, points on hold, and the months of the journal."""

import csv
import time
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.test import Client
from django_scopes import scope

from lib.clock import now
from loyalty import ledger, warnings
from loyalty.actions.awards import AwardTarget, settle
from loyalty.actions.periods import first_open_month
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.documents import Expiry
from loyalty.models import PeriodClose
from loyalty.queries import live_version
from tests.dashboard.conftest import Desks

pytestmark = pytest.mark.django_db


@pytest.fixture
def expiring(desks: Desks) -> Desks:
    """Points expire: 30 in 10 days, 60 in 80 days; 25 are on hold for 5 days more."""
    draft = draft_document(desks.shop)
    program = msgspec.structs.replace(
        draft, expiry=Expiry(mode="per_lot"), hold_days=14, point_value=Decimal("0.02")
    )
    load_draft(desks.shop, program)
    publish(desks.shop, "olivia@corner.example", "Points expire")
    earns(desks, 30, "order:11", expires=10)
    earns(desks, 60, "order:12", expires=80)
    earns(desks, 25, "order:13", expires=400, release=5)
    return desks


def earns(desks: Desks, points: int, source: str, expires: int, release: int | None = None) -> None:
    at = now() - timedelta(days=1)
    settle(
        [
            AwardTarget(
                shop_id=desks.shop.pk,
                customer_id=desks.member.customer_id,
                source=source,
                version_id=live_version(desks.shop).pk,
                target=points,
                breakdown={"v": 1, "target": points, "skipped": "test"},
                earned_at=at,
                changed_at=at,
                expires_at=at + timedelta(days=expires),
                release_at=at + timedelta(days=release) if release else None,
            )
        ]
    )


def text_of(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_the_liability_is_what_members_hold(expiring: Desks, owner: Client) -> None:
    answer = owner.get(expiring.url("books"))
    owed = answer.context["owed"]
    assert (owed.available, owed.pending, owed.deficits) == (49 + 30 + 60, 25, 0)
    text = answer.content.decode()
    assert "3.28 €" in text
    assert "at 0.02 € a point" in text
    assert "how many have expired" in text
    assert sum(bar.value for bar in answer.context["expiring"].bars) == 90


def test_a_shop_without_expiry_reads_nothing_of_it(desks: Desks, owner: Client) -> None:
    text = text_of(owner, desks.url("books"))
    assert "Breakage" not in text
    assert "When points expire" not in text
    assert desks.url("expiries") not in text
    assert "On hold" not in text
    assert "Expire in the next" not in text_of(owner, desks.url("index"))


def test_the_overview_tells_what_comes(expiring: Desks, owner: Client) -> None:
    answer = owner.get(expiring.url("index"))
    soon = answer.context["soon"]
    assert (soon.in_30_days, soon.in_90_days) == (30, 90)
    assert answer.context["totals"].pending == 25
    assert "Points on their way" in answer.content.decode()


def test_a_member_reads_when_points_come_and_go(expiring: Desks, owner: Client) -> None:
    for number in range(6):
        earns(expiring, 1, f"order:2{number}", expires=100 + number)
    answer = owner.get(expiring.url("member"))
    assert [points for _day, points in answer.context["expiries"]] == [30, 60, 1, 1, 1]
    assert len(answer.context["later_expiries"]) == 3
    assert [held.points for held in answer.context["on_hold"]] == [25]
    text = " ".join(answer.content.decode().split())
    assert "3 more days" in text
    assert "on hold until" in text


def test_points_that_come_off_hold_say_so(expiring: Desks, owner: Client) -> None:
    assert ledger.release_all_due(now() + timedelta(days=6)) == 1
    answer = owner.get(expiring.url("member"))
    assert answer.context["moments"][0].sentence == "25 beans can be used now"
    assert answer.context["on_hold"] == []
    assert "on hold until" not in answer.content.decode()


def test_members_to_warn_are_listed(expiring: Desks, owner: Client) -> None:
    assert "Nobody to warn" in text_of(owner, expiring.url("expiries"))
    assert warnings.write_due() >= 1
    page = owner.get(expiring.url("expiries")).context["page"]
    assert [(one.points, one.days) for one in page] == [(30, 30)]
    text = text_of(owner, expiring.url("expiries"))
    assert "30 days before" in text
    assert expiring.url("member") in text
    assert "mia@corner.example" not in text_of(expiring.client("outsider"), expiring.url("expiries"))


def test_a_month_is_downloaded_closed_and_stays(expiring: Desks, owner: Client) -> None:
    first = first_open_month(expiring.shop)
    assert first == date(2026, 3, 1)
    assert "A closed month cannot change" in text_of(owner, expiring.url("close"))
    before = download(owner, expiring)
    assert sum(Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0) for row in before) == 0
    time.sleep(1.1)  # Closing leaves out what was written in the last second.
    said = owner.post(expiring.url("close"), follow=True).content.decode()
    assert "March 2026 is closed: it cannot change any more." in said
    assert "by olivia@corner.example" in said
    assert "It cannot change." in said
    assert "Points liability" in said
    assert [row["points"] for row in download(owner, expiring)] == [row["points"] for row in before]
    with scope(shop=expiring.shop):
        assert PeriodClose.objects.get().entries == 1


def test_months_are_closed_one_after_the_other_and_once_over(desks: Desks, owner: Client) -> None:
    for month, said in {
        "2026-05": "Close 2026-03 first",
        "2025-01": "There is nothing to close",
        f"{now():%Y-%m}": "is not over yet",
    }.items():
        url = desks.url("close").replace("2026-03", month)
        assert owner.get(url).status_code == 404
        assert said in owner.post(url, follow=True).content.decode()
    with scope(shop=desks.shop):
        assert not PeriodClose.objects.exists()


@pytest.mark.parametrize("month", ["2026-13", "march", "0001-01", "99999-01", "2026", "2026-3"])
def test_a_month_that_is_none_is_not_found(desks: Desks, owner: Client, month: str) -> None:
    for name in ("close", "journal"):
        url = desks.url(name).replace("2026-03", month)
        assert owner.post(url).status_code == 404


def test_the_journal_of_another_shop_is_empty(desks: Desks) -> None:
    answer = desks.client("outsider").post(desks.url("journal"))
    assert len(b"".join(answer.streaming_content).splitlines()) == 1  # type: ignore[attr-defined]


def download(client: Client, desks: Desks) -> list[dict[str, str]]:
    answer = client.post(desks.url("journal"))
    assert answer["Content-Disposition"] == 'attachment; filename="journal-2026-03.csv"'
    body = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(body.splitlines()))
