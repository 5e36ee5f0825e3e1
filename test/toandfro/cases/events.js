// node: the event loop, workers, the file system, children, sockets, timers.
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
const crypto = require("crypto"), fs = require("fs"), net = require("net"), cp = require("child_process"), zlib = require("zlib");
function digest(n) {
	let h = Buffer.from(String(n));
	for (let i = 0; i < 3000; i++) h = crypto.createHash("sha256").update(h).digest();
	return h.toString("hex");
}
if (!isMainThread) {
	parentPort.postMessage(digest(workerData));
} else (async () => {
	for (let wave = 0; wave < 4; wave++) {
		const all = await Promise.all([1, 2, 3].map((k) => new Promise((ok, no) => {
			const w = new Worker(__filename, { workerData: wave * 10 + k });
			w.on("message", ok), w.on("error", no);
		})));
		console.log(wave, all.join(" "));
		const out = cp.spawnSync("sh", ["-c", "cat; exit 3"], { input: "wave " + wave });
		console.log(out.status, out.stdout.toString());
	}
	const server = net.createServer((c) => c.pipe(c)).listen(0, "127.0.0.1");
	await new Promise((ok) => server.on("listening", ok));
	const echoed = await Promise.all([...Array(5).keys()].map((k) => new Promise((ok) => {
		const c = net.connect(server.address().port, "127.0.0.1"), h = crypto.createHash("md5");
		let left = 200000;
		c.on("data", (d) => { h.update(d), (left -= d.length) === 0 && (c.end(), ok(h.digest("hex"))); });
		c.write(Buffer.alloc(left, k));
	})));
	console.log(echoed.join("\n"));
	server.close();
	const data = Buffer.from([...Array(2000000).keys()].map((i) => (i * i) & 255));
	const packed = await new Promise((ok, no) => zlib.deflate(data, (e, r) => (e ? no(e) : ok(r))));
	console.log(packed.length, zlib.inflateSync(packed).equals(data));
	await fs.promises.writeFile("written", packed);
	let garbage = 0;
	for (let i = 0; i < 300000; i++) garbage += { a: [i], b: "s" + i }.b.length;
	console.log(garbage);
	await new Promise((ok) => setTimeout(ok, 300));
	console.error("done");
	process.exitCode = 5;
})();
