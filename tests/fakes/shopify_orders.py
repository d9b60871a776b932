"""Orders as Shopify's webhooks write them, turned into what its Admin API knows of the same orders."""

from decimal import Decimal
from typing import Any

Body = dict[str, Any]


def admin_order(body: Body) -> Body:
    """An order's record in the fields of the Admin API's schema; connections are plain lists."""
    currency = body["currency"]
    tipped = (line["price"] for line in body["line_items"] if line.get("tip_payment_method") is not None)
    tips = {"amount": str(sum(map(Decimal, tipped), Decimal("0.00")))}
    return {
        "__typename": "Order",
        "id": body["admin_graphql_api_id"],
        "legacyResourceId": _number(body["admin_graphql_api_id"]),
        "name": body["name"],
        "createdAt": body["created_at"],
        "updatedAt": body["updated_at"],
        "processedAt": body["processed_at"],
        "cancelledAt": body["cancelled_at"],
        "displayFinancialStatus": body["financial_status"].upper(),
        "test": body["test"],
        "sourceName": body["source_name"],
        "taxesIncluded": body["taxes_included"],
        "email": body["email"] or None,
        "currencyCode": currency,
        "discountCodes": [discount["code"] for discount in body["discount_codes"]],
        "totalPriceSet": _money(body, "total_price", currency),
        "totalTipReceivedSet": _money(tips, "amount", currency),
        "customer": _customer(body.get("customer"), body),
        "lineItems": [_line(line, currency) for line in body["line_items"]],
        "shippingLines": [
            {
                "discountedPriceSet": _money(line, "discounted_price", currency),
                "taxLines": _taxes(line, currency),
            }
            for line in body["shipping_lines"]
            if not line.get("is_removed")
        ],
        "refunds": [_refund(refund, currency) for refund in body["refunds"]],
    }


def _customer(customer: Body | None, order: Body) -> Body | None:
    if customer is None:
        return None
    consent = customer.get("email_marketing_consent") or {}
    address = {
        "emailAddress": customer["email"],
        "marketingState": (consent.get("state") or "not_subscribed").upper(),
        "marketingUpdatedAt": consent.get("consent_updated_at"),
    }
    return {
        "id": customer["admin_graphql_api_id"],
        "legacyResourceId": _number(customer["admin_graphql_api_id"]),
        "createdAt": customer["created_at"] or order["created_at"],
        "updatedAt": customer["updated_at"] or order["updated_at"],
        "firstName": customer["first_name"],
        "lastName": customer["last_name"],
        "verifiedEmail": customer["verified_email"],
        "tags": [tag.strip() for tag in (customer.get("tags") or "").split(",") if tag.strip()],
        "defaultEmailAddress": address if customer["email"] else None,
    }


def _line(line: Body, currency: str) -> Body:
    return {
        "id": line["admin_graphql_api_id"],
        "quantity": line["quantity"],
        "currentQuantity": line["current_quantity"],
        "title": line["title"],
        "sku": line["sku"],
        "vendor": line["vendor"],
        "isGiftCard": line["gift_card"],
        "requiresShipping": line["requires_shipping"],
        "originalUnitPriceSet": _money(line, "price", currency),
        "taxLines": _taxes(line, currency),
        "discountAllocations": [
            {"allocatedAmountSet": _money(discount, "amount", currency)}
            for discount in line["discount_allocations"]
        ],
        "product": _named("Product", line["product_id"]),
        "variant": _named("ProductVariant", line["variant_id"]),
    }


def _refund(refund: Body, currency: str) -> Body:
    return {
        "__typename": "Refund",
        "id": refund["admin_graphql_api_id"],
        "legacyResourceId": _number(refund["admin_graphql_api_id"]),
        "createdAt": refund["created_at"],
        "processedAt": refund["processed_at"],
        "refundLineItems": [
            {
                "quantity": line["quantity"],
                "lineItem": {"id": f"gid://shopify/LineItem/{line['line_item_id']}"},
                "subtotalSet": _money(line, "subtotal", currency),
                "totalTaxSet": _money(line, "total_tax", currency),
            }
            for line in refund["refund_line_items"]
        ],
        "orderAdjustments": [
            {
                "reason": "REFUND_DISCREPANCY" if adjustment["kind"] == "refund_discrepancy" else None,
                "amountSet": _money(adjustment, "amount", currency),
                "taxAmountSet": _money(adjustment, "tax_amount", currency),
            }
            for adjustment in refund["order_adjustments"]
        ],
        "refundShippingLines": [
            {
                "subtotalAmountSet": _money(line, "subtotal_amount", currency),
                "taxAmountSet": _money(line, "tax_amount", currency),
            }
            for line in refund.get("refund_shipping_lines") or ()
        ],
        "transactions": [
            {
                "kind": payment["kind"].upper(),
                "status": payment["status"].upper(),
                "amountSet": _money(payment, "amount", currency),
            }
            for payment in refund["transactions"]
        ],
    }


def _taxes(line: Body, currency: str) -> list[Body]:
    return [{"priceSet": _money(tax, "price", currency)} for tax in line["tax_lines"]]


def _money(source: Body, name: str, currency: str) -> Body:
    told = (source.get(f"{name}_set") or {}).get("shop_money") or {"amount": source.get(name)}
    money = {"amount": str(told["amount"]), "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


def _named(kind: str, number: int | None) -> Body | None:
    return {"id": f"gid://shopify/{kind}/{number}"} if number else None


def _number(gid: str) -> str:
    return gid.rpartition("/")[2]
