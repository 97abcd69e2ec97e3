// What the page displays: readings by EventSource, everything else by fetch. All
// URLs are relative, so that the page works below any path.
export const chosen = new URLSearchParams(location.search).get('gateway') ?? '';
export const query = extra => {
  const q = new URLSearchParams(extra);
  if (chosen && !q.has('gateway')) q.set('gateway', chosen);
  return q;
};

let page = null,
  arrived = null;
export const latest = () => page;
export const several = () => (page?.gateways.length ?? 0) > 1;

// connect calls changed after each event. Browsers reconnect themselves unless the
// server responds with an error.
export function connect(changed) {
  const open = () => {
    const source = new EventSource('api/events?' + query({ view: 'page' }));
    source.addEventListener('page', e => {
      page = JSON.parse(e.data);
      if (page.unknown && chosen) return location.replace(location.pathname + location.hash);
      arrived = [performance.now(), Date.now()];
      changed();
    });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
    };
  };
  open();
}

// elapsed returns the seconds since the last event. One of the two clocks stops
// while the computer sleeps, the other one can be set.
const elapsed = () => Math.max(performance.now() - arrived[0], Date.now() - arrived[1]) / 1000;

// age returns the age of the reading in seconds, from the server's clock and the
// time since the event arrived.
export const age = () => (page?.gateway ? page.gateway.age + elapsed() : null);

// lateness returns why there is no current reading, or null if there is one.
export function lateness() {
  const v = page?.gateway;
  if (!v) return page ? { kind: 'new' } : { kind: 'disconnected', age: null };
  const limit = v.lateAfter || 10;
  if (elapsed() > limit) return { kind: 'disconnected', age: v.time ? age() : elapsed() };
  if (v.late === 'offline') return { kind: 'offline', age: v.since + elapsed(), had: v.time ? age() : null };
  if (v.late === 'new') return { kind: 'new' };
  return v.late || age() > limit ? { kind: 'stale', age: age() } : null;
}

// reading returns the values of the chosen gateway; absent ones are undefined.
export function reading() {
  const v = page?.gateway;
  return (
    v && {
      ...v,
      soc: v.level,
      phases: (v.phases ?? []).map(p => ({ ...p, volts: p.voltage, amps: p.current, pf: p.powerFactor })),
      today: v.today && energies(v.today),
    }
  );
}

// energies returns Wh by the names of the plots.
export const energies = e => {
  const wh = x => (x == null ? null : x * 1000);
  return {
    date: e.date,
    approximate: e.approximate,
    solar: wh(e.produced),
    house: wh(e.used),
    import: wh(e.imported),
    export: wh(e.exported),
    charged: wh(e.charged),
    discharged: wh(e.discharged),
  };
};

// load fetches a document of the API. It throws an error with a message for people.
export async function load(path, extra) {
  let response;
  try {
    response = await fetch(`api/${path}?${query(extra)}`);
  } catch {
    throw new Error('envoy-mqtt does not respond.');
  }
  const doc = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(doc.error ?? `HTTP status ${response.status}`);
  return doc;
}

// act posts an action. It returns the error of the response, with its properties, or null.
export async function act(path, body) {
  try {
    const response = await fetch(`api/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ gateway: chosen, ...body }),
    });
    return response.ok
      ? null
      : {
          status: response.status,
          error: `HTTP status ${response.status}`,
          ...(await response.json().catch(() => ({}))),
        };
  } catch {
    return { error: 'envoy-mqtt does not respond.' };
  }
}

// day returns the powers of a day; absent series are filled with null. Of the gateway
// all, as for days, there is only solar.
export async function day(date, gateway) {
  const d = await load('history', { period: 'day', ...(date && { date }), ...(gateway && { gateway }) }),
    n = Math.round((d.end - d.start) / d.step),
    whole = list => Array.from({ length: n }, (_, i) => list?.[i] ?? null);
  return {
    ...d,
    n,
    solar: whole(d.solar),
    house: whole(d.house),
    grid: whole(d.grid),
    battery: whole(d.battery),
    soc: whole(d.level),
    hasBattery: !!d.battery,
    hasGrid: !!d.grid,
    energies: d.energies && energies(d.energies),
  };
}
export const days = async (period, gateway) =>
  (await load('history', { period, ...(gateway && { gateway }) })).days.map(energies);
