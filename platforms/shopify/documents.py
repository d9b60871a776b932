"""Every GraphQL document that is sent to Shopify's Admin API 2026-04.

A query may cost 1,000 points at most: an object costs one, a connection two and its `first` times what is in it.
"""

from typing import Final

SHOP: Final = """
query Shop {
  shop { id name currencyCode ianaTimezone myshopifyDomain primaryDomain { host } }
}
"""

# Codes

_DISCOUNT: Final = """
fragment Discount on DiscountCodeNode {
  id
  codeDiscount {
    __typename
    ... on DiscountCodeBasic { title status asyncUsageCount codes(first: 1) { nodes { code } } }
    ... on DiscountCodeFreeShipping { title status asyncUsageCount codes(first: 1) { nodes { code } } }
  }
}
"""

MAKE_DISCOUNT: Final = f"""
mutation MakeDiscount($discount: DiscountCodeBasicInput!) {{
  discountCodeBasicCreate(basicCodeDiscount: $discount) {{
    codeDiscountNode {{ ...Discount }}
    userErrors {{ field message code }}
  }}
}}
{_DISCOUNT}"""

MAKE_FREE_SHIPPING: Final = f"""
mutation MakeFreeShipping($discount: DiscountCodeFreeShippingInput!) {{
  discountCodeFreeShippingCreate(freeShippingCodeDiscount: $discount) {{
    codeDiscountNode {{ ...Discount }}
    userErrors {{ field message code }}
  }}
}}
{_DISCOUNT}"""

FIND_DISCOUNT: Final = f"""
query FindDiscount($code: String!) {{
  codeDiscountNodeByCode(code: $code) {{ ...Discount }}
}}
{_DISCOUNT}"""

DISCOUNT: Final = f"""
query Discount($id: ID!) {{
  codeDiscountNode(id: $id) {{ ...Discount }}
}}
{_DISCOUNT}"""

DEACTIVATE_DISCOUNT: Final = f"""
mutation DeactivateDiscount($id: ID!) {{
  discountCodeDeactivate(id: $id) {{
    codeDiscountNode {{ ...Discount }}
    userErrors {{ field message code }}
  }}
}}
{_DISCOUNT}"""

DELETE_DISCOUNT: Final = """
mutation DeleteDiscount($id: ID!) {
  discountCodeDelete(id: $id) {
    deletedCodeDiscountId
    userErrors { field message code }
  }
}
"""

VARIANT_PRICE: Final = """
query VariantPrice($id: ID!) {
  productVariant(id: $id) { price }
}
"""

PRODUCT_PRICES: Final = """
query ProductPrices($id: ID!) {
  product(id: $id) { variants(first: 250) { nodes { price } } }
}
"""

# Gift cards and store credit

_GIFT_CARD: Final = """
fragment Card on GiftCard {
  id lastCharacters note enabled expiresOn balance { amount } initialValue { amount }
}
"""

MAKE_GIFT_CARD: Final = f"""
mutation MakeGiftCard($card: GiftCardCreateInput!) {{
  giftCardCreate(input: $card) {{
    giftCard {{ ...Card }}
    userErrors {{ field message code }}
  }}
}}
{_GIFT_CARD}"""

FIND_GIFT_CARDS: Final = f"""
query FindGiftCards($query: String!) {{
  giftCards(first: 25, query: $query, sortKey: CREATED_AT, reverse: true) {{ nodes {{ ...Card }} }}
}}
{_GIFT_CARD}"""

GIFT_CARD: Final = f"""
query GiftCard($id: ID!) {{
  giftCard(id: $id) {{ ...Card }}
}}
{_GIFT_CARD}"""

DEACTIVATE_GIFT_CARD: Final = f"""
mutation DeactivateGiftCard($id: ID!) {{
  giftCardDeactivate(id: $id) {{
    giftCard {{ ...Card }}
    userErrors {{ field message code }}
  }}
}}
{_GIFT_CARD}"""

CREDIT: Final = """
mutation Credit($owner: ID!, $credit: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $owner, creditInput: $credit) {
    storeCreditAccountTransaction { id }
    userErrors { field message code }
  }
}
"""

# Without a search: what was written a moment ago may be missing from its index.
CREDITS: Final = """
query Credits($owner: ID!) {
  customer(id: $owner) {
    storeCreditAccounts(first: 5) {
      nodes {
        transactions(first: 50, sortKey: CREATED_AT, reverse: true) {
          nodes {
            createdAt
            amount { amount currencyCode }
            ... on StoreCreditAccountCreditTransaction { id expiresAt }
          }
        }
      }
    }
  }
}
"""

# Webhooks

SUBSCRIPTIONS: Final = """
query Subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}
"""

SUBSCRIBE: Final = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""

REDIRECT_SUBSCRIPTION: Final = """
mutation RedirectSubscription($id: ID!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""

UNSUBSCRIBE: Final = """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}
"""
