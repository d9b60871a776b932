"""A bonus campaign as a form, and how campaigns and tiers go together."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import structs

from dashboard.forms.conditions import OrderTimesForm, condition_values
from dashboard.forms.fields import cards, decimal, plain, switch, text
from dashboard.forms.part import PartForm
from loyalty.documents import Campaign, Conditions, ProgramDocument

DOUBLE, TRIPLE, TIMES, FIXED = "2", "3", "times", "points"
BONUS = (
    (DOUBLE, _("Double points")),
    (TRIPLE, _("Triple points")),
    (TIMES, _("Another multiplier")),
    (FIXED, _("Extra points for each order")),
)
MULTIPLIERS = (
    ("best", _("The best one counts: double points for a member who always gets 1.5 × are 2 ×.")),
    ("multiply", _("They multiply: double points for a member who always gets 1.5 × are 3 ×.")),
)


class CampaignForm(OrderTimesForm):
    """What it is called, what it gives and when."""

    name = text(_("Name"), 80, help_text=_("For you and your colleagues, and for members in their history."))
    bonus = cards(_("What it gives"), BONUS, initial=DOUBLE)
    multiplier = decimal(_("Points are multiplied by"), required=False)
    points = decimal(_("Extra points"), required=False)
    announcement = text(
        _("Announcement"),
        200,
        required=False,
        help_text=_("Your widget shows it while the campaign runs. Left empty, we write it for you."),
    )
    active = switch(_("Switched on"))

    @property
    def more_in_use(self) -> bool:
        return self.products_in_use or self.in_use(
            ("weekdays", "tiers", "customer_tags", "min_basis", "channels")
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        wanted = {TIMES: "multiplier", FIXED: "points"}.get(given.get("bonus", ""))
        if wanted and given.get(wanted) is None and wanted not in self.errors:
            self.add_error(wanted, _("Say how many."))
        return given

    def campaign(self, key: str, former: Campaign | None) -> Campaign:
        """What was filled in, on top of what `former` says besides; call it on a valid form."""
        given = self.cleaned_data
        bonus = given["bonus"]
        multiplier = None if bonus == FIXED else given["multiplier"] if bonus == TIMES else Decimal(bonus)
        values: dict[str, Any] = {
            "name": given["name"],
            "active": given["active"],
            "announcement": given["announcement"],
            "multiplier": plain(multiplier),
            "points": plain(given["points"]) if bonus == FIXED else None,
            "conditions": self.conditions(former.conditions if former else Conditions()),
        }
        return structs.replace(former, **values) if former else Campaign(key=key, **values)


def campaign_form(draft: ProgramDocument, campaign: Campaign | None, data: Any = None) -> CampaignForm:
    """The form, filled in with `data`, else with `campaign`."""
    values: dict[str, Any] = {"active": True}
    if campaign is not None:
        values = {name: getattr(campaign, name) for name in ("name", "active", "announcement", "points")}
        values |= condition_values(campaign.conditions)
        factor = campaign.multiplier
        known = factor in (2, 3)
        values["bonus"] = FIXED if factor is None else str(int(factor)) if known else TIMES
        values["multiplier"] = None if known else factor
    return CampaignForm(data, draft=draft, initial=values)


class MultipliersForm(PartForm):
    """What counts where several multipliers meet."""

    multipliers = cards(_("When campaigns and VIP tiers meet"), MULTIPLIERS)
