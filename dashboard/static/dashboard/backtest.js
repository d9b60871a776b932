// Follows a back-test or an import that is under way and shows its result when it is there. Without it the page reloads by itself.
(() => {
  "use strict";

  const PAUSE_MS = 700;

  function follow(panel) {
    const bar = panel.querySelector("progress");
    const said = panel.querySelector("[data-said]");

    async function look() {
      try {
        const response = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
        if (response.ok) {
          const answer = await response.json();
          if (answer.finished) {
            window.location.reload();
            return;
          }
          // Without a total nobody knows how far it is.
          if (answer.percent === null) bar.removeAttribute("value");
          else bar.value = answer.percent;
          said.textContent = answer.said;
        }
      } catch {
        // The network is away for a moment: look again.
      }
      setTimeout(look, PAUSE_MS);
    }

    setTimeout(look, PAUSE_MS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-progress]").forEach(follow);
  });
})();
