// Looks again at a region that is still changing: <div id="x" data-poll="5" aria-live="polite">, seconds between looks.
// It fetches the same page and takes the region of the same id; when that no longer says data-poll, it stops.
// Slower after errors, silent while the page is hidden. Without script the page offers a link to look again.

const SLOWEST_SECONDS = 60;
const LOOKS_LIMIT = 200;

async function fetchRegion(id) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  if (answer.redirected) {
    location.replace(answer.url);
    return null;
  }
  return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
}

function visible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

async function follow(region) {
  let seconds = Number(region.dataset.poll) || 5;
  const usual = seconds;
  for (let looks = 0; looks < LOOKS_LIMIT; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    await visible();
    try {
      const fresh = await fetchRegion(region.id);
      if (!fresh) {
        location.reload();
        return;
      }
      if (fresh.innerHTML !== region.innerHTML) region.replaceChildren(...fresh.childNodes);
      if (!fresh.dataset.poll) {
        delete region.dataset.poll;
        return;
      }
      seconds = usual;
    } catch {
      seconds = Math.min(seconds * 2, SLOWEST_SECONDS);
    }
  }
}

document.querySelectorAll("[data-poll][id]").forEach(follow);
