// How the widget speaks to the Regulars server, and to the shop's page for tokens; put into regulars.js too.
const TIMEOUT_MS = 8000, RENEW_MS = 60000;

/** The instant at which a token ends, in ms; 0 when it cannot be read. */
function endOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000 || 0;
  } catch {
    return 0;
  }
}

/**
 * Asks for everybody, or as the shopper of `token`. Through the store's own `proxy`, which knows who is signed in, no
 * token is needed. `setting` reads the widget's attributes, `origin` is where the script came from.
 */
class Server {
  token = null;
  #setting; #origin;

  constructor(setting, origin) {
    [this.#setting, this.#origin] = [setting, origin];
  }

  get proxy() {
    return this.#setting("proxy");
  }

  get shop() {
    return encodeURIComponent(this.#setting("shop") ?? "");
  }

  ask(path, headers = {}, more = {}) {
    const base = this.proxy ?? `${this.#setting("base") ?? this.#origin}/storefront/v1`;
    return fetch(`${base}/${path}`, {
      headers, credentials: this.proxy ? "same-origin" : "omit", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS),
      ...more,
    });
  }

  mine(path, headers = {}, more = {}) {
    return this.ask(path, this.proxy ? headers : { Authorization: `Bearer ${this.token}`, ...headers }, more);
  }

  /** What `mine` (or `ask`, for everybody) is told; null without a good answer, or when the shopper has changed. */
  async read(path, everybody = false) {
    const { token } = this;
    const answer = await (everybody ? this.ask(path) : this.mine(path)).catch(() => null);
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    return token === this.token ? told : null;
  }

  /** `{status, told}` of what the shopper does; status 0 when there was no answer, which may have been lost. */
  async send(path, content) {
    const more = { method: "POST", body: JSON.stringify(content), keepalive: true };
    try {
      const answer = await this.mine(path, { "Content-Type": "application/json" }, more);
      return { status: answer.status, told: await answer.json() };
    } catch {
      return { status: 0, told: null };
    }
  }

  /** Get a fresh token from the shop's page before this one ends: `{token}`, or none for a guest. */
  async renew() {
    const url = this.#setting("tokenUrl");
    if (!url || endOf(this.token ?? "") - Date.now() > RENEW_MS) return;
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.ok) {
      this.token = (await answer.json()).token || null;
    } else if (answer.status === 401 || answer.status === 403) {
      this.token = null;
    } else {
      throw new Error(`token: ${answer.status}`);
    }
  }
}
