"""A store that answers as Shopify's Admin API 2026-04 and its OAuth pages do, for tests, faults and the demo.

`AdminStore` holds a store and runs documents; `endpoints.respond` answers the requests of any web framework;
`server.serve` does so on a port of its own, with `Faults` if wanted:

    store = AdminStore()
    token = store.grant("write_discounts")
    with serve(store, Faults({"discountCodeBasicCreate": {"hang": 0.3}}, seed=1)) as base_url:
        ...  # POST {base_url}/admin/api/2026-04/graphql.json with X-Shopify-Access-Token
    store.use("CODE")

Goods, customers and orders are put there with `catalogue.add_product`, `add_customer` and `put_order`.
"""
