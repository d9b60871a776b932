// Rewards are dragged to their place; the buttons of each do the same, also without scripts.
(() => {
  "use strict";

  function sortable(list) {
    const items = [...list.children];
    let dragged = null;

    const clear = () => items.forEach((one) => one.classList.remove("rg-drop-before", "rg-drop-after"));
    const after = (item, event) => {
      const box = item.getBoundingClientRect();
      return event.clientY > box.top + box.height / 2;
    };

    items.forEach((item, index) => {
      const form = item.querySelector(".rg-places");
      if (!form) return;
      item.draggable = true;
      item.addEventListener("dragstart", (event) => {
        dragged = { form, index };
        event.dataTransfer.effectAllowed = "move";
        item.classList.add("rg-dragged");
      });
      item.addEventListener("dragend", () => { dragged = null; item.classList.remove("rg-dragged"); clear(); });
      item.addEventListener("dragover", (event) => {
        if (!dragged) return;
        event.preventDefault();
        clear();
        item.classList.add(after(item, event) ? "rg-drop-after" : "rg-drop-before");
      });
      item.addEventListener("drop", (event) => {
        if (!dragged) return;
        event.preventDefault();
        let place = index + (after(item, event) ? 1 : 0);
        if (place > dragged.index) place -= 1;
        if (place === dragged.index) return;
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = "place";
        field.value = String(place);
        dragged.form.append(field);
        dragged.form.submit();
      });
    });
    list.querySelectorAll("a").forEach((link) => { link.draggable = false; });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-sortable]").forEach(sortable);
  });
})();
