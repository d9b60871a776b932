// Elements, icons and colors of the widget; the server puts this file into regulars.js.
const ICONS = {
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-1.8-4.6-6.5-4-5.4-1C7.1 7 9 7 12 7zM12 7c1.8-4.6 6.5-4 5.4-1-.5 1-2.4 1-5.4 1z",
  bag: "M6 8h12l1 12H5zM9 8V6.5a3 3 0 0 1 6 0V8",
  close: "M6 6l12 12M18 6L6 18",
  stamp: "M4 6h16v4a2 2 0 0 0 0 4v4H4v-4a2 2 0 0 0 0-4zM14 6v12",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4.5 3.5-6.5 8-6.5s8 2 8 6.5",
  cake: "M4 20v-7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v7M3 20h18M4 15c2 2 3.3 2 5.3 0 2 2 3.4 2 5.4 0 2 2 3.3 2 5.3 0M12 11V7M12 4v.2",
  calendar: "M5 6h14v14H5zM5 10h14M9 3v4M15 3v4",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.9L3.5 9.7l5.9-.8z",
  heart: "M12 20S4 15 4 9.2A4.2 4.2 0 0 1 12 7a4.2 4.2 0 0 1 8 2.2C20 15 12 20 12 20z",
  door: "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  spark: "M12 3v5M12 16v5M3 12h5M16 12h5M6 6l2.5 2.5M15.5 15.5L18 18M18 6l-2.5 2.5M8.5 15.5L6 18",
  medal: "M8 3l4 7 4-7M12 21a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12 13.5v4",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
  tag: "M4 12V4h8l8 8-8 8zM8.2 8.2v.1",
  percent: "M6 18L18 6M7.5 9.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM16.5 18.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  truck: "M3 6h11v10H3zM14 10h4l3 3v3h-7M7 19.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17 19.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  card: "M3 6h18v12H3zM3 10h18M7 14.5h4",
  sliders: "M4 8h9M17 8h3M15 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM4 16h3M11 16h9M9 18a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  copy: "M9 9h11v11H9zM5.5 15H4V4h11v1.5",
  check: "M5 12.5l4.5 4.5L19 7.5",
};

/** The text with no line break before a currency. */
const tied = (text) => text.replace(/ (?=[€£$¥])/g, "\u00a0");

/** An element; text is always set as text, never as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true || value === false) element.toggleAttribute(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** `color` (#rrggbb), what is readable on it, and a shade of it that is readable on white (4.5:1). */
function shades(color) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const onWhite = (rgb) => 1.05 / (light(rgb) + 0.05);
  let deep = parts(color);
  const on = onWhite(deep) >= 4.5 ? "#ffffff" : "#16181c";
  while (onWhite(deep) < 4.8) deep = deep.map((v) => Math.floor(v * 0.94));
  const shade = `rgb(${deep.join(" ")})`;
  return { color, on, deep: shade, "deep-on": on === "#ffffff" ? shade : "#ffffff" };
}
