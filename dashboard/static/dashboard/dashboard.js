// Copy buttons, confirmations and the worked example. Every page works without them, only less comfortably.
(() => {
  "use strict";

  function copyButton(button) {
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        button.textContent = button.dataset.done;
      } catch {
        getSelection().selectAllChildren(source);
      }
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }

  function confirmedForm(form) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.confirm)) event.preventDefault();
    });
  }

  function checkAll(box) {
    const boxes = document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`);
    box.addEventListener("change", () => boxes.forEach((one) => { one.checked = box.checked; }));
  }

  // The form as filled in (or, without one, an amount alone) is sent to the page, which says what it would mean.
  function workedExample(panel) {
    const form = document.getElementById(panel.dataset.form);
    const amount = panel.querySelector("input");
    let timer;
    let asked = 0;

    function ask() {
      if (!form) return fetch(`${panel.dataset.example}?${new URLSearchParams({ amount: amount.value })}`);
      const body = new URLSearchParams(new FormData(form));
      body.set("preview", "1");
      if (amount) body.set("amount", amount.value);
      return fetch(panel.dataset.example, { method: "POST", body });
    }

    async function refresh() {
      const mine = ++asked;
      const response = await ask();
      if (!response.ok || mine !== asked) return;
      const answer = await response.json();
      if (mine !== asked) return;
      for (const name of ["sentence", "why", "note"]) {
        panel.querySelector(`[data-${name}]`).textContent = answer[name] || "";
      }
      const lines = (answer.lines || []).map((text) => {
        const line = document.createElement("li");
        line.textContent = text;
        return line;
      });
      panel.querySelector("[data-lines]").replaceChildren(...lines);
      for (const [name, text] of Object.entries(answer.say || {})) {
        document.querySelector(`[data-say="${name}"]`).textContent = text;
      }
    }

    const soon = () => { clearTimeout(timer); timer = setTimeout(refresh, 200); };
    form?.addEventListener("input", soon);
    form?.addEventListener("rows", soon);
    amount?.addEventListener("input", soon);
  }

  // Rows come and go at once; without scripts the page does the same when it is sent.
  function moreRows(button) {
    const rows = button.form.querySelector("[data-rows]");
    const blank = document.getElementById(button.dataset.more);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const taken = [...rows.querySelectorAll("[name^=level-]")].map((one) => Number(one.name.split("-")[1]) || 0);
      const holder = document.createElement("template");
      holder.innerHTML = blank.innerHTML.replaceAll("__row__", String(Math.max(-1, ...taken) + 1));
      rows.append(holder.content);
      rows.lastElementChild.querySelector("input:not([type=hidden])").focus();
      button.form.dispatchEvent(new Event("rows"));
    });
    rows.addEventListener("click", (event) => {
      if (!event.target.closest("[data-remove]")) return;
      event.preventDefault();
      const row = event.target.closest("[data-row]");
      const next = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      (next?.querySelector("input:not([type=hidden])") || button).focus();
      button.form.dispatchEvent(new Event("rows"));
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-copy]").forEach(copyButton);
    document.querySelectorAll("form[data-confirm]").forEach(confirmedForm);
    document.querySelectorAll("[data-check-all]").forEach(checkAll);
    document.querySelectorAll("[data-example]").forEach(workedExample);
    document.querySelectorAll("[data-more]").forEach(moreRows);
  });
})();
