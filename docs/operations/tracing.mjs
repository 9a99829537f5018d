// Preloaded, it sends the spans of a gateway to a collector over OTLP/HTTP:
//
//   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node --import ./docs/operations/tracing.mjs scripts/start.mjs
//
// OpenTelemetry's usual variables count: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS,
// OTEL_TRACES_SAMPLER, OTEL_BSP_SCHEDULE_DELAY and so on.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const resource = defaultResource()
  .merge(resourceFromAttributes({ 'service.name': 'outrider' }))
  .merge(detectResources({ detectors: [envDetector] }));

// Registers itself, the context of asynchronous calls, and the propagation of `traceparent`.
new NodeTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
}).register();
