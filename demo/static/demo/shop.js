/* The demo store's page: a cart with a discount code, buying, and returning items. */
(() => {
  "use strict";
  const page = document.body.dataset;
  const KEPT = "fern-cart";
  const cart = new Map();
  let code = page.code;
  let asked = 0;
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

  const counts = () => Object.fromEntries([...cart.values()].map((item) => [item.sku, item.count]));

  function showCart() {
    const items = [...cart.values()];
    const step = (item, by, sign, words) =>
      make("button", { type: "button", "aria-label": `${words} ${item.title}`, onclick: () => change(item.sku, by) }, sign);
    find("cart").replaceChildren(...items.map((item) =>
      make("li", {}, make("span", {}, item.title),
        make("span", { class: "count" }, step(item, -1, "−", "One less:"), make("span", {}, String(item.count)),
          step(item, 1, "+", "One more:")),
        make("span", { class: "sum" }, euros(item.price * item.count)))));
    find("cart-empty").hidden = items.length > 0;
    find("buy").disabled = items.length === 0;
    find("cart-count").textContent = String(items.reduce((sum, item) => sum + item.count, 0));
    localStorage.setItem(KEPT, JSON.stringify(counts()));
    return showSums();
  }

  /** What it costs is the store's to say; of two answers the one to the later question counts. */
  async function showSums() {
    const question = (asked += 1);
    try {
      const sums = await send(page.cart, { items: counts(), code });
      if (question === asked) tellSums(sums);
    } catch (error) {
      if (question === asked) say(error.message, true);
    }
  }

  function tellSums(sums) {
    const refused = code && !sums.code;
    if (refused) find("code").value = code;
    code = sums.code;
    find("code-form").hidden = code !== "";
    find("code-chip").hidden = code === "";
    find("code-shown").textContent = code;
    find("code-away").setAttribute("aria-label", `Take the code ${code} away`);
    const waiting = code && !sums.discount && !sums.card && !sums.problem ? "It counts as soon as there is something in your cart." : "";
    find("code-problem").textContent = sums.problem || waiting;
    find("code-problem").classList.toggle("bad", sums.problem !== "");
    find("code").toggleAttribute("aria-invalid", Boolean(refused));
    find("sums").hidden = cart.size === 0;
    find("subtotal").textContent = euros(cents(sums.subtotal));
    find("discount-row").hidden = !sums.discount;
    find("discount").textContent = `−${euros(cents(sums.discount))}`;
    find("card-row").hidden = !sums.card;
    find("card").textContent = `−${euros(cents(sums.card))}`;
    find("shipping").textContent = cents(sums.shipping) ? euros(cents(sums.shipping)) : "Free";
    find("total").textContent = euros(cents(sums.total));
  }

  async function setCode(text, focused) {
    code = text.trim();
    await showSums();
    (code ? find("code-away") : find(focused)).focus();
  }

  function place(sku, count) {
    const button = document.querySelector(`.add[data-sku="${CSS.escape(sku)}"]`);
    if (!button) return;
    const { title, price } = button.dataset;
    cart.set(sku, { sku, title, price: cents(price), count });
  }

  /** What was in the cart when the page was left. */
  function fillCart() {
    try {
      for (const [sku, count] of Object.entries(JSON.parse(localStorage.getItem(KEPT) ?? "{}"))) place(sku, Number(count));
    } catch {
      localStorage.removeItem(KEPT);
    }
  }

  function add(button) {
    const { sku, title } = button.dataset;
    place(sku, (cart.get(sku)?.count ?? 0) + 1);
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
      const order = await send(page.buy, { items: counts(), code });
      cart.clear();
      code = "";
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
        make("p", { class: "when" }, day.format(new Date(order.placed_at)),
          ...order.codes.map((used) => make("span", { class: "used" }, `with ${used}`))),
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
  find("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    setCode(find("code").value, "code");
  });
  find("code-away").addEventListener("click", () => {
    find("code").value = "";
    setCode("", "code");
  });
  fillCart();
  showCart();
  showOrders();
})();
