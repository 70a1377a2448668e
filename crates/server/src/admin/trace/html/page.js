"use strict";
(() => {
  const rows = [...document.querySelectorAll(".row")];
  const details = document.getElementById("details");
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  // The page shows the same words; two boxes would cover the picture.
  for (const row of rows) row.querySelector("title")?.remove();
  const marks = (svg) => svg.querySelectorAll(".on, .near");
  let shown = null;
  const show = (row) => {
    if (shown === row) return;
    if (shown) {
      const svg = shown.ownerSVGElement;
      svg.classList.remove("linked");
      marks(svg).forEach((one) => one.classList.remove("on", "near"));
    }
    shown = row;
    details.hidden = !row;
    if (!row) return;
    details.textContent = row.getAttribute("aria-label");
    row.classList.add("on");
    const svg = row.ownerSVGElement;
    const job = row.dataset.job;
    const near = new Set(row.dataset.waits.split(" "));
    for (const tie of svg.querySelectorAll(".tie")) {
      if (tie.dataset.from !== job && tie.dataset.to !== job) continue;
      tie.classList.add("on");
      near.add(tie.dataset.from).add(tie.dataset.to);
    }
    near.delete("");
    near.delete(job);
    for (const other of svg.querySelectorAll(".row")) {
      if (other !== row && near.has(other.dataset.job)) other.classList.add("near");
    }
    svg.classList.toggle("linked", near.size > 0);
  };
  rows.forEach((row, place) => {
    row.addEventListener("mouseenter", () => show(row));
    row.addEventListener("focus", () => show(row));
    row.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !rows[place + step]) return;
      event.preventDefault();
      rows[place + step].focus();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.activeElement.blur();
    show(null);
  });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const first = row.getAttribute("aria-label").split("\n")[0].toLowerCase();
      const hit = !wanted || first.includes(wanted);
      row.classList.toggle("missed", !hit);
      count += hit;
    }
    document.querySelector("main").classList.toggle("finding", wanted !== "");
    found.textContent = wanted ? `${count} of ${rows.length}` : "";
  });
})();
