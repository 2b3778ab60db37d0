// Counts down to an instant the server gave, by the server's clock: <time datetime data-countdown data-now data-over>.
// Without script the words of the server stay. Screen readers are not told every second.

function words(seconds) {
  if (seconds >= 86400) return `还有 ${Math.floor(seconds / 86400)} 天`;
  if (seconds >= 3600) return `还有 ${Math.floor(seconds / 3600)} 小时 ${Math.floor((seconds % 3600) / 60)} 分`;
  if (seconds >= 60) return `还有 ${Math.floor(seconds / 60)} 分 ${String(seconds % 60).padStart(2, "0")} 秒`;
  return `还有 ${seconds} 秒`;
}

function start(element) {
  const left = Date.parse(element.dateTime) - Date.parse(element.dataset.now);
  if (Number.isNaN(left)) return;
  const began = performance.now();
  const tick = () => {
    const seconds = Math.ceil((left - (performance.now() - began)) / 1000);
    element.textContent = seconds > 0 ? words(seconds) : element.dataset.over;
    if (seconds <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
}

document.querySelectorAll("time[data-countdown]").forEach(start);
