// Keeps what the page shows: the newest reading and an hour of powers.
const house = flow.get('house') || { history: [] };
const topic = String(msg.topic || '');
const doc = msg.payload;

if (topic.endsWith('/availability')) {
    if (house.serial === topic.split('/').slice(-2)[0]) {
        house.online = doc === 'online';
    }
} else if (doc !== null && typeof doc === 'object' && !doc.failsafe && Number.isFinite(Date.parse(doc.ts))) {
    const serial = topic.split('/').slice(-2)[0];
    if (house.serial !== undefined && house.serial !== serial) {
        return null; // of two gateways the first is shown
    }
    const power = (meter) => (doc[meter] && Number.isFinite(doc[meter].power) ? doc[meter].power : undefined);
    const at = Date.parse(doc.ts);
    house.serial = serial;
    house.live = doc;
    house.online = true;
    house.history = house.history.filter((p) => at - p.t < 3600000);
    const last = house.history[house.history.length - 1];
    if (last === undefined || at - last.t >= 4000) {
        house.history.push({ t: at, grid: power('grid'), production: power('production'), consumption: power('consumption'), storage: power('storage') });
    }
}
flow.set('house', house);
return null;
