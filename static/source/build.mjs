// Builds what static/ and views/icons serve: the style sheet, and pinned copies of scripts, fonts and icons.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const icons = [
  "activity", "arrow-left", "arrow-right", "boxes", "check", "chevron-down", "circle", "circle-alert", "circle-check", "circle-dashed",
  "circle-pause", "circle-x", "clock", "copy", "credit-card", "cpu", "external-link", "eye", "globe", "hard-drive", "hourglass", "key-round",
  "layout-grid", "list-checks", "loader-circle", "log-out", "mail", "memory-stick", "menu", "monitor", "moon", "network", "plus", "rotate-cw",
  "scale", "search", "server", "shield-check", "sprout", "sun", "trash-2", "triangle-alert", "undo-2", "user", "users", "x",
];
const copies = {
  "htmx.org/dist/htmx.min.js": "static/htmx.js",
  "htmx-ext-sse/dist/sse.min.js": "static/sse.js",
  "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2": "static/fonts/figtree-latin.woff2",
  "@fontsource-variable/figtree/files/figtree-latin-ext-wght-normal.woff2": "static/fonts/figtree-latin-ext.woff2",
  "@fontsource-variable/figtree/LICENSE": "static/fonts/figtree-LICENSE",
  "@fontsource-variable/bricolage-grotesque/files/bricolage-grotesque-latin-wght-normal.woff2": "static/fonts/bricolage-latin.woff2",
  "@fontsource-variable/bricolage-grotesque/files/bricolage-grotesque-latin-ext-wght-normal.woff2": "static/fonts/bricolage-latin-ext.woff2",
  "@fontsource-variable/bricolage-grotesque/LICENSE": "static/fonts/bricolage-LICENSE",
  "axe-core/axe.min.js": "views/testdata/axe.js",
};

for (const folder of ["static/fonts", "views/icons", "views/testdata"]) mkdirSync(folder, { recursive: true });
for (const [from, to] of Object.entries(copies)) copyFileSync(`node_modules/${from}`, to);
for (const name of icons) {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  writeFileSync(`views/icons/${name}.svg`, shapes.trim().replace(/\s*\n\s*/g, "") + "\n");
}
// Only pages with charts load it. It keeps its licence at its top, and loses the address of a map that is not served.
const charts = readFileSync("node_modules/chart.js/dist/chart.umd.min.js", "utf8");
writeFileSync("static/chartjs.js", charts.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
copyFileSync("node_modules/lucide-static/LICENSE", "views/icons/LICENSE");
execFileSync("node_modules/.bin/tailwindcss", ["-i", "static/source/app.css", "-o", "static/app.css", "--minify"], { stdio: "inherit" });
