// Ingest as most would write it in Node: @aws-sdk/client-sqs and one secret in
// the environment. It does what ordinary/main.go does.
import { createHmac, timingSafeEqual } from "node:crypto";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";

const sqs = new SQSClient({});
const { EVENTS_QUEUE_URL, GABBER_SECRET } = process.env;
const reply = (statusCode, body) => ({ statusCode, headers: { "content-type": "text/plain" }, body });

export async function handler(request) {
  const body = Buffer.from(request.body ?? "", request.isBase64Encoded ? "base64" : "utf8");
  const mac = createHmac("sha256", GABBER_SECRET).update(body).digest();
  const given = Buffer.from(request.headers["x-webhook-signature"] ?? "", "hex");
  if (given.length !== mac.length || !timingSafeEqual(given, mac)) return reply(403, "forbidden");
  const event = JSON.parse(body);
  const message = JSON.stringify({ source: request.rawPath, type: event.type, data_base64: body.toString("base64") });
  await sqs.send(new SendMessageCommand({ QueueUrl: EVENTS_QUEUE_URL, MessageBody: message }));
  console.log(`queued ${event.type}`);
  return reply(200, "ok");
}
