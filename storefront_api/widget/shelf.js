// What there is to redeem for whoever looks, and the codes they have; the server puts this file into regulars.js.
const CODES_MS = 2000;

/** `draw` is called when something has come; `open` says whether anybody looks. */
class Shelf {
  rewards = null;
  codes = [];
  turn = ""; // another one after each redemption
  #next = null;
  #timer = 0;
  #server; #draw; #open;

  constructor(server, draw, open) {
    [this.#server, this.#draw, this.#open] = [server, draw, open];
  }

  clear() {
    clearTimeout(this.#timer);
    [this.rewards, this.codes, this.turn, this.#next] = [null, [], "", null];
  }

  /** Load what everybody is offered in this shop, or with no shop what the shopper is, and their codes. */
  async load(shop = null) {
    const codes = shop === null && this.loadCodes();
    const told = await this.#server.read(shop === null ? "me/rewards" : `rewards?shop=${shop}`, shop !== null);
    if (told) {
      [this.rewards, this.turn] = [told.rewards, told.turn ?? ""];
      this.#draw();
    }
    return codes;
  }

  /** The codes, or the page of them after `before`; again soon while one is being prepared. */
  async loadCodes(before = "") {
    clearTimeout(this.#timer);
    const told = await this.#server.read(`me/redemptions${before && `?before=${before}`}`);
    if (!told) return;
    this.codes = before ? [...this.codes, ...told.redemptions] : told.redemptions;
    this.#next = told.next;
    this.#draw();
    if (this.#open() && this.codes.some(preparing)) this.#timer = setTimeout(() => this.loadCodes(), CODES_MS);
  }

  /** Loads the next page of codes, if there is one. */
  get more() {
    return this.#next && (() => this.loadCodes(this.#next));
  }
}
