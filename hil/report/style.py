"""The look and the few moves of the HTML report. Nothing is fetched; light and dark by the reader's wish."""

from typing import Final

CSS: Final = """
:root { color-scheme: light dark; --ink:#1b1f24; --soft:#59636e; --paper:#fff; --sheet:#f6f8fa; --line:#d1d9e0;
  --grid:#e6eaef; --good:#1a7f37; --bad:#cf222e; --warn:#9a6700; --in:#0969da; --out:#8250df; --mark:#bc4c00;
  --Pending:#8c959f; --Pending-Held:#8c959f; --Creating:#8c959f; --Started:#54aeff; --Processing:#218bff;
  --Terminating:#bf8700; --ScannerStopped:#d4a72c; --Completed:#2da44e; --Aborted:#cf222e; --Canceled:#8250df;
  --Idle:#aceebb; --Stopped:#d4a72c; --on:#fff; --pale:#1b1f24 }
@media (prefers-color-scheme: dark) { :root { --ink:#e6edf3; --soft:#9198a1; --paper:#0d1117; --sheet:#151b23;
  --line:#3d444d; --grid:#252c35; --good:#3fb950; --bad:#f85149; --warn:#d29922; --in:#4493f8; --out:#ab7df8;
  --mark:#f0883e; --Pending:#656c76; --Pending-Held:#656c76; --Creating:#656c76; --Started:#388bfd;
  --Processing:#1f6feb; --Terminating:#9e6a03; --ScannerStopped:#9e6a03; --Completed:#238636; --Aborted:#da3633;
  --Canceled:#8957e5; --Idle:#1a3d26; --Stopped:#9e6a03; --on:#fff; --pale:#e6edf3 } }
* { box-sizing:border-box }
body { margin:0; font:15px/1.5 system-ui,sans-serif; color:var(--ink); background:var(--paper) }
main { max-width:1500px; margin:0 auto; padding:1.2rem 1.5rem 4rem }
h1 { font-size:1.5rem; margin:0 0 .2rem } h2 { font-size:1.15rem; margin:0 }
p { margin:.3rem 0 } .soft { color:var(--soft) } code,.mono { font:12.5px/1.45 ui-monospace,monospace }
a { color:var(--in); text-decoration:none } a:hover { text-decoration:underline }
.badge { display:inline-block; padding:0 .55em; border-radius:1em; font-size:.8rem; font-weight:600; color:var(--on) }
.passed { background:var(--good) } .failed,.broken { background:var(--bad) } .not { background:var(--warn) }
.recorded { background:var(--soft) }
.all { border-collapse:collapse; width:100%; margin:1rem 0 2rem }
.all td,.all th { text-align:left; padding:.25rem .8rem .25rem 0; border-bottom:1px solid var(--line);
  vertical-align:top }
.all td.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap }
section { border:1px solid var(--line); border-radius:8px; margin:0 0 2rem; background:var(--paper) }
header.run { padding:.8rem 1rem; background:var(--sheet); border-bottom:1px solid var(--line);
  border-radius:8px 8px 0 0 }
.why { color:var(--bad); margin:.4rem 0 0; padding-left:1.2rem }
.chart { display:grid; grid-template-columns:8.5rem 1fr; padding:.8rem 1rem 0 }
.names text { fill:var(--ink); font-size:12.5px } .names .soft { fill:var(--soft); font-size:11px }
.scroll { overflow-x:auto; padding:0 9px } svg { display:block; height:auto }
svg text { font-family:system-ui,sans-serif }
.wide { width:100%; min-width:600px }
.grid { stroke:var(--grid) } .edge { stroke:var(--line) } .axis { fill:var(--soft); font-size:11px }
.in { fill:var(--in) } .out { fill:var(--out) } .fail { fill:var(--bad) }
.deed { stroke:var(--mark); stroke-dasharray:3 3; opacity:.75 } .flag { fill:var(--mark) } .who { fill:var(--soft) }
.band { stroke:var(--paper); stroke-width:.5 } .label { font-size:11.5px; fill:var(--on); pointer-events:none }
.label.pale { fill:var(--pale) }
.dot { fill:var(--soft); cursor:pointer } .dot.JobStatusEvent { fill:var(--in) }
.dot.JobEndStateEvent { fill:var(--good) }
.dot.ScannerStatusConditionEvent { fill:var(--bad) } .dot.ScannerStatusConditionClearedEvent { fill:var(--good) }
.dot.ScannerStatusSummaryEvent { fill:var(--warn) } .dot.ScanAvailableEvent { fill:var(--out) }
.dot.in { fill:var(--in) } .dot.out { fill:var(--out) } .dot.flag { fill:var(--mark) }
.dot.bad { fill:var(--bad) } .dot:hover,.dot.lit { stroke:var(--ink); stroke-width:2 }
.tools { padding:.3rem 1rem; display:flex; gap:.4rem 1rem; flex-wrap:wrap; align-items:center; font-size:.85rem }
.tools button,.tools input { font:inherit; color:inherit; background:var(--sheet); border:1px solid var(--line);
  border-radius:6px; padding:.1rem .6rem; cursor:pointer } .tools input[type=search] { width:16rem; cursor:text }
.key i { display:inline-block; width:.75em; height:.75em; border-radius:3px; margin-right:.3em; vertical-align:-1px }
details { border-top:1px solid var(--line) } summary { padding:.5rem 1rem; cursor:pointer; font-weight:600 }
.log { max-height:32rem; overflow:auto; border-top:1px solid var(--line) }
.log table { border-collapse:collapse; width:100%; font-size:13px }
.log td { padding:.12rem .8rem; border-bottom:1px solid var(--grid); vertical-align:top }
.log td:first-child { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; width:6rem }
.log td:nth-child(2) { white-space:nowrap; color:var(--soft) }
.log tr.stimulus td { background:color-mix(in srgb,var(--mark) 14%,transparent) }
.log tr:target td,.log tr.lit td { background:color-mix(in srgb,var(--in) 22%,transparent) }
.log tr.bad td { color:var(--bad) } .log tr.final td { font-weight:600 }
pre { margin:.2rem 0; white-space:pre-wrap; overflow-wrap:anywhere; font:12px/1.4 ui-monospace,monospace }
.log details { border:0 } .log summary { padding:0; font-weight:400 }
#tip { position:fixed; z-index:9; max-width:32rem; padding:.35rem .6rem; border-radius:6px; font-size:12.5px;
  background:var(--ink); color:var(--paper); pointer-events:none; white-space:pre-line; display:none }
@media print { .tools,.log { display:none } section { break-inside:avoid } }
"""

JS: Final = """
const tip = document.getElementById('tip');
document.querySelectorAll('[data-tip]').forEach(el => {
  el.addEventListener('mousemove', e => {
    tip.textContent = el.dataset.tip; tip.style.display = 'block';
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.min(e.clientX + 14, innerWidth - w - 8) + 'px';
    tip.style.top = (e.clientY + 18 + h > innerHeight ? e.clientY - h - 10 : e.clientY + 18) + 'px'; });
  el.addEventListener('mouseleave', () => { tip.style.display = 'none'; }); });
document.querySelectorAll('section').forEach(run => {
  const wide = run.querySelector('.wide'), scroll = run.querySelector('.scroll');
  run.querySelectorAll('[data-zoom]').forEach(b => b.addEventListener('click', () => {
    const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / scroll.scrollWidth;
    wide.style.width = b.dataset.zoom + '%';
    scroll.scrollLeft = middle * scroll.scrollWidth - scroll.clientWidth / 2; }));
  const find = run.querySelector('input[type=search]');
  if (find) find.addEventListener('input', () => {
    const want = find.value.toLowerCase();
    run.querySelectorAll('.log tr').forEach(r => { r.hidden = !r.textContent.toLowerCase().includes(want); }); });
  run.querySelectorAll('.log tr[id]').forEach(row => {
    const mark = run.querySelector('a[href="#' + row.id + '"] .dot');
    if (!mark) return;
    row.addEventListener('mouseenter', () => mark.classList.add('lit'));
    row.addEventListener('mouseleave', () => mark.classList.remove('lit')); });
  run.querySelectorAll('.chart a[href]').forEach(a => a.addEventListener('click', e => {
    const row = document.getElementById(a.getAttribute('href').slice(1));
    if (!row) return;
    e.preventDefault(); row.closest('details').open = true;
    run.querySelectorAll('.log tr.lit').forEach(r => r.classList.remove('lit'));
    row.classList.add('lit');
    const log = row.closest('.log');
    log.scrollTop = row.offsetTop - log.clientHeight / 2;
    log.scrollIntoView({block: 'nearest'}); })); });
"""
