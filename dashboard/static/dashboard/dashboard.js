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

  function workedExample(panel) {
    const form = document.getElementById(panel.dataset.form);
    const amount = panel.querySelector("input");
    const sentence = panel.querySelector("[data-sentence]");
    const why = panel.querySelector("[data-why]");
    let timer;
    let asked = 0;

    async function refresh() {
      const query = new URLSearchParams(new FormData(form));
      query.delete("csrfmiddlewaretoken");
      query.set("amount", amount.value);
      const mine = ++asked;
      const response = await fetch(`${panel.dataset.example}?${query}`, { headers: { Accept: "application/json" } });
      if (!response.ok || mine !== asked) return;
      const answer = await response.json();
      sentence.textContent = answer.sentence;
      why.textContent = answer.why || "";
    }

    const soon = () => { clearTimeout(timer); timer = setTimeout(refresh, 200); };
    form.addEventListener("input", soon);
    amount.addEventListener("input", soon);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-copy]").forEach(copyButton);
    document.querySelectorAll("form[data-confirm]").forEach(confirmedForm);
    document.querySelectorAll("[data-check-all]").forEach(checkAll);
    document.querySelectorAll("[data-example]").forEach(workedExample);
  });
})();
