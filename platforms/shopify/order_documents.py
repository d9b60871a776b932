"""The documents that read orders. A whole page of them would cost too much, so what is long is read in parts."""

from typing import Final

_SHOP_MONEY: Final = "{ shopMoney { amount currencyCode } }"
_TAXES: Final = f"taxLines {{ priceSet {_SHOP_MONEY} }}"
_NEXT: Final = "pageInfo { hasNextPage endCursor }"

_LINE: Final = f"""
fragment Line on LineItem {{
  id quantity currentQuantity title sku vendor isGiftCard requiresShipping
  originalUnitPriceSet {_SHOP_MONEY}
  {_TAXES}
  discountAllocations {{ allocatedAmountSet {_SHOP_MONEY} }}
  product {{ id }}
  variant {{ id }}
}}
"""

_SHIPPING: Final = f"""
fragment Shipping on ShippingLine {{ discountedPriceSet {_SHOP_MONEY} {_TAXES} }}
"""

_ORDER: Final = f"""
fragment WholeOrder on Order {{
  id legacyResourceId name createdAt updatedAt processedAt cancelledAt displayFinancialStatus
  test sourceName taxesIncluded email currencyCode discountCodes
  totalPriceSet {_SHOP_MONEY}
  totalTipReceivedSet {_SHOP_MONEY}
  customer {{
    id legacyResourceId createdAt updatedAt firstName lastName verifiedEmail tags
    defaultEmailAddress {{ emailAddress marketingState marketingUpdatedAt }}
  }}
  lineItems(first: 10) {{ nodes {{ ...Line }} {_NEXT} }}
  shippingLines(first: 5) {{ nodes {{ ...Shipping }} {_NEXT} }}
  refunds {{ id }}
}}
{_LINE}{_SHIPPING}"""

ORDERS: Final = f"""
query Orders($first: Int!, $after: String, $query: String, $sortKey: OrderSortKeys!) {{
  orders(first: $first, after: $after, query: $query, sortKey: $sortKey) {{
    edges {{ cursor node {{ ...WholeOrder }} }}
    {_NEXT}
  }}
}}
{_ORDER}"""

COUNT_ORDERS: Final = """
query CountOrders($query: String) {
  ordersCount(query: $query, limit: null) { count }
}
"""

ORDER: Final = f"""
query Order($id: ID!) {{
  order(id: $id) {{ ...WholeOrder }}
}}
{_ORDER}"""

LINES: Final = f"""
query Lines($id: ID!, $after: String) {{
  order(id: $id) {{ lineItems(first: 50, after: $after) {{ nodes {{ ...Line }} {_NEXT} }} }}
}}
{_LINE}"""

SHIPPING_LINES: Final = f"""
query ShippingLines($id: ID!, $after: String) {{
  order(id: $id) {{ shippingLines(first: 50, after: $after) {{ nodes {{ ...Shipping }} {_NEXT} }} }}
}}
{_SHIPPING}"""

_RETURNED: Final = f"""
fragment Returned on RefundLineItem {{
  quantity
  lineItem {{ id }}
  subtotalSet {_SHOP_MONEY}
  totalTaxSet {_SHOP_MONEY}
}}
"""

REFUND: Final = f"""
query Refund($id: ID!) {{
  refund(id: $id) {{
    id legacyResourceId createdAt processedAt
    refundLineItems(first: 50) {{ nodes {{ ...Returned }} {_NEXT} }}
    orderAdjustments(first: 25) {{ nodes {{ reason amountSet {_SHOP_MONEY} taxAmountSet {_SHOP_MONEY} }} }}
    refundShippingLines(first: 25) {{ nodes {{ subtotalAmountSet {_SHOP_MONEY} taxAmountSet {_SHOP_MONEY} }} }}
    transactions(first: 25) {{ nodes {{ kind status amountSet {_SHOP_MONEY} }} }}
  }}
}}
{_RETURNED}"""

RETURNED_LINES: Final = f"""
query ReturnedLines($id: ID!, $after: String) {{
  refund(id: $id) {{ refundLineItems(first: 50, after: $after) {{ nodes {{ ...Returned }} {_NEXT} }} }}
}}
{_RETURNED}"""
