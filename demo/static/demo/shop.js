/* The demo store's page: a cart, buying, and returning items. */
(() => {
  "use strict";
  const page = document.body.dataset;
  const cart = new Map();
  const find = (id) => document.getElementById(id);
  const euros = (cents) => `${(cents / 100).toFixed(2)} €`;
  const cents = (text) => Math.round(Number(text) * 100);

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (typeof value === "boolean") element.toggleAttribute(name, value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  async function send(url, content) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value },
      body: JSON.stringify(content),
    });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.message || "Something went wrong. Please try again.");
    return told;
  }

  function say(text, bad = false) {
    find("message").textContent = text;
    find("message").classList.toggle("bad", bad);
  }

  function change(sku, by) {
    const item = cart.get(sku);
    item.count += by;
    if (item.count < 1) cart.delete(sku);
    showCart();
  }

  function showCart() {
    const items = [...cart.values()];
    const step = (item, by, sign, words) =>
      make("button", { type: "button", "aria-label": `${words} ${item.title}`, onclick: () => change(item.sku, by) }, sign);
    find("cart").replaceChildren(...items.map((item) =>
      make("li", {}, make("span", {}, item.title),
        make("span", { class: "count" }, step(item, -1, "−", "One less:"), make("span", {}, String(item.count)),
          step(item, 1, "+", "One more:")),
        make("span", { class: "sum" }, euros(item.price * item.count)))));
    const goods = items.reduce((sum, item) => sum + item.price * item.count, 0);
    const shipping = goods >= cents(page.freeFrom) ? 0 : cents(page.shipping);
    find("cart-empty").hidden = items.length > 0;
    find("sums").hidden = items.length === 0;
    find("buy").disabled = items.length === 0;
    find("cart-count").textContent = String(items.reduce((sum, item) => sum + item.count, 0));
    find("shipping").textContent = shipping ? euros(shipping) : "Free";
    find("total").textContent = euros(goods + shipping);
  }

  function add(button) {
    const { sku, title, price } = button.dataset;
    const item = cart.get(sku) ?? { sku, title, price: cents(price), count: 0 };
    item.count += 1;
    cart.set(sku, item);
    say(`${title} is in your cart.`);
    const words = (button.dataset.words ??= button.textContent);
    button.textContent = "Added";
    setTimeout(() => (button.textContent = words), 1200);
    showCart();
  }

  async function buy() {
    find("buy").disabled = true;
    say("Sending your order…");
    try {
      const items = Object.fromEntries([...cart.values()].map((item) => [item.sku, item.count]));
      const order = await send(page.buy, { items });
      cart.clear();
      say(`Thank you! Order ${order.number} is placed.`);
      window.Regulars?.refresh();
      showOrdersUntil((orders) => orders.some((known) => known.id === order.id));
    } catch (error) {
      say(error.message, true);
    }
    showCart();
  }

  async function giveBack(order, line, button) {
    button.disabled = true;
    button.textContent = "Returning…";
    try {
      await send(page.return, { order: order.id, line: line.id });
      say(`${line.title} is on its way back to us.`);
      window.Regulars?.refresh();
      const changed = (known) => known.id === order.id && known.lines.some((l) => l.id === line.id && l.returned > line.returned);
      showOrdersUntil((orders) => orders.some(changed));
    } catch (error) {
      say(error.message, true);
      button.disabled = false;
      button.textContent = "Return an item";
    }
  }

  function piece(order, line) {
    const kept = line.quantity - line.returned;
    const name = `${line.quantity > 1 ? `${line.quantity} × ` : ""}${line.title}`;
    const state = order.cancelled ? "Cancelled" : line.returned ? `${line.returned > 1 ? `${line.returned} ` : ""}returned` : "";
    const button = make("button", { type: "button", "aria-label": `Return an item: ${line.title}, order ${order.number}` }, "Return an item");
    button.addEventListener("click", () => giveBack(order, line, button));
    const open = kept > 0 && !order.cancelled;
    return make("li", { class: "piece" }, make("span", {}, name, state && open ? ` (${state})` : ""),
      open ? button : make("span", { class: "done" }, state));
  }

  async function showOrders() {
    const { orders } = await (await fetch(page.orders, { cache: "no-store" })).json();
    const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
    find("orders").replaceChildren(...(orders.length ? orders.map((order) =>
      make("li", { "data-order": order.id },
        make("p", { class: "head" }, make("span", {}, `Order ${order.number}`), make("span", {}, euros(cents(order.total)))),
        make("p", { class: "when" }, day.format(new Date(order.placed_at))),
        make("ul", {}, ...order.lines.map((line) => piece(order, line))))) : [make("li", { class: "muted" }, "No orders yet.")]));
    return orders;
  }

  /** A webhook takes a moment to arrive. */
  async function showOrdersUntil(there) {
    for (let attempt = 0; attempt < 12; attempt += 1) {
      if (there(await showOrders())) return;
      await new Promise((done) => setTimeout(done, 400));
    }
  }

  /** What runs at the moment, as the program tells everybody. */
  async function showCampaign() {
    const place = find("campaign");
    if (!place) return;
    const { campaigns } = await (await fetch(place.dataset.program)).json();
    place.hidden = campaigns.length === 0;
    place.textContent = campaigns.map((campaign) => campaign.text).join(" · ");
  }

  // The shop is open without the program, too.
  showCampaign().catch(() => undefined);
  if (!find("buy")) return;
  document.querySelectorAll(".add").forEach((button) => button.addEventListener("click", () => add(button)));
  find("buy").addEventListener("click", buy);
  showCart();
  showOrders();
})();
