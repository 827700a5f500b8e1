// connect.js makes the clients of the second SDK, for MQTT 3.1.1 and for
// MQTT 5. Without a certificate in the settings they show none.
"use strict";
const { once } = require("events");
const { iot, io, mqtt, mqtt5 } = require("aws-iot-device-sdk-v2");

function connection311(config, clientId) {
  const { AwsIotMqttConnectionConfigBuilder: Builder } = iot;
  const builder = config.certificate
    ? Builder.new_mtls_builder_from_path(config.certificate, config.key)
    : Builder.new_default_builder();
  builder.with_certificate_authority_from_path(undefined, config.ca);
  builder.with_endpoint(config.host);
  builder.with_port(config.port);
  builder.with_client_id(clientId);
  builder.with_clean_session(true);
  builder.with_timeout_ms(10_000);
  return new mqtt.MqttClient().new_connection(builder.build());
}

function config5(config) {
  if (config.certificate) {
    const { AwsIotMqtt5ClientConfigBuilder: Builder } = iot;
    return Builder.newDirectMqttBuilderWithMtlsFromPath(config.host, config.certificate, config.key)
      .withCertificateAuthorityFromPath(undefined, config.ca)
      .withPort(config.port)
      .build();
  }
  const tls = new io.TlsContextOptions();
  tls.override_default_trust_store_from_path(undefined, config.ca);
  return { hostName: config.host, port: config.port, tlsCtx: new io.ClientTlsContext(tls) };
}

// connect311 and connect5 return a connected client and what differs between
// them: watch calls with topic and payload of all that arrives, in its order;
// subscribe resolves with the code that was granted; close disconnects.
async function connect311(config, clientId) {
  const client = connection311(config, clientId);
  client.on("error", () => {}); // connect rejects as well
  await client.connect();
  return {
    client,
    watch: (see) => client.on("message", see),
    subscribe: (filter) => client.subscribe(filter, mqtt.QoS.AtLeastOnce).then((granted) => granted.qos),
    close: () => client.disconnect(),
  };
}

async function connect5(config, clientId) {
  const settings = config5(config);
  settings.connectProperties = { keepAliveIntervalSeconds: 60, clientId };
  const client = new mqtt5.Mqtt5Client(settings);
  client.on("error", () => {}); // told by connectionFailure as well
  const connected = new Promise((resolve, reject) => {
    client.once("connectionSuccess", resolve);
    client.once("connectionFailure", (event) => reject(event.error));
  });
  client.start();
  const stop = async () => {
    const stopped = once(client, "stopped");
    client.stop();
    await stopped;
    client.close();
  };
  await connected.catch(async (error) => {
    await stop(); // or it tries again
    throw error;
  });
  return {
    client,
    watch: (see) => client.on("messageReceived", ({ message }) => see(message.topicName, message.payload)),
    subscribe: (topicFilter) =>
      client.subscribe({ subscriptions: [{ topicFilter, qos: mqtt5.QoS.AtLeastOnce }] }).then((ack) => ack.reasonCodes[0]),
    close: stop,
  };
}

module.exports = { connect: { 311: connect311, 5: connect5 } };
