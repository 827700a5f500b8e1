// Tries to get in with each SDK. The setting served says whether it should.
"use strict";
const { thingShadow } = require("aws-iot-device-sdk");
const { connect } = require("./connect.js");
const { config, run, step, ok } = require("./check.js");

// first tries once with the first SDK, which needs a certificate.
function first() {
  const client = thingShadow({
    host: config.host, port: config.port, caPath: config.ca, certPath: config.certificate, keyPath: config.key,
    clientId: `${config.thing}-v1`,
  });
  return new Promise((resolve, reject) => {
    client.on("connect", resolve);
    client.on("error", reject);
    client.on("close", () => reject(new Error("connection closed")));
  }).finally(() => client.end(true));
}

async function second(protocol) {
  const connection = await connect[protocol](config, `${config.thing}-v2-${protocol}`);
  await connection.close();
}

const tries = { "SDK v2, MQTT 3.1.1": () => second(311), "SDK v2, MQTT 5": () => second(5) };
if (config.certificate) tries["SDK v1"] = first;

run(async () => {
  for (const [name, attempt] of Object.entries(tries)) {
    step(name);
    const refusal = await attempt().then(() => undefined, (reason) => String(reason.message || reason));
    if (config.served) {
      ok(`the broker refused: ${refusal}`, refusal === undefined);
      continue;
    }
    ok("the broker let a client in that it must refuse", refusal !== undefined);
    // Not later, and not for a reason of the client's own: a missing file.
    ok(`not refused in the TLS handshake, but: ${refusal}`, /TLS_ERROR_READ_FAILURE|connection closed/.test(refusal));
  }
});
