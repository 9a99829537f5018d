CREATE TABLE "attempts" (
	"request_id" text NOT NULL,
	"number" integer NOT NULL,
	"key_id" text NOT NULL,
	"task" text NOT NULL,
	"model_id" text NOT NULL,
	"endpoint_id" text NOT NULL,
	"provider" text NOT NULL,
	"epoch" integer NOT NULL,
	"started_at_ms" bigint NOT NULL,
	"propensity" double precision NOT NULL,
	"estimated_cost_micro_usd" bigint NOT NULL,
	"instance_id" integer NOT NULL,
	"ending" text,
	"ended_at_ms" bigint,
	"http_status" integer DEFAULT 0 NOT NULL,
	"finish_reason" text DEFAULT '' NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_input_tokens" bigint DEFAULT 0 NOT NULL,
	"cost_micro_usd" bigint DEFAULT 0 NOT NULL,
	"is_cost_estimated" boolean DEFAULT false NOT NULL,
	"ttft_ms" double precision DEFAULT 0 NOT NULL,
	"latency_ms" double precision DEFAULT 0 NOT NULL,
	"error_code" text DEFAULT '' NOT NULL,
	"automatic_source" text,
	"automatic_quality" double precision,
	"automatic_weight" double precision,
	"automatic_counts" boolean DEFAULT true NOT NULL,
	CONSTRAINT "attempts_request_id_number_pk" PRIMARY KEY("request_id","number")
);
--> statement-breakpoint
CREATE TABLE "belief_sums" (
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"task" text NOT NULL,
	"source" text NOT NULL,
	"epoch" integer NOT NULL,
	"a" double precision NOT NULL,
	"b" double precision NOT NULL,
	"c" double precision NOT NULL,
	CONSTRAINT "belief_sums_kind_subject_task_source_epoch_pk" PRIMARY KEY("kind","subject","task","source","epoch")
);
--> statement-breakpoint
CREATE TABLE "feedback" (
	"request_id" text NOT NULL,
	"source_name" text NOT NULL,
	"source" text NOT NULL,
	"quality" double precision NOT NULL,
	"weight" double precision NOT NULL,
	"comment" text NOT NULL,
	"signals" text NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	CONSTRAINT "feedback_request_id_source_name_pk" PRIMARY KEY("request_id","source_name")
);
--> statement-breakpoint
CREATE TABLE "keys" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"allowed_models" jsonb,
	"plan" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	"revoked_at_ms" bigint,
	CONSTRAINT "keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "model_epochs" (
	"model_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"opened_at_ms" bigint NOT NULL,
	"cause" text NOT NULL,
	CONSTRAINT "model_epochs_model_id_epoch_pk" PRIMARY KEY("model_id","epoch")
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"request_id" text PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"requested_model" text NOT NULL,
	"task" text NOT NULL,
	"task_confidence" double precision NOT NULL,
	"complexity" double precision NOT NULL,
	"language" text NOT NULL,
	"input_tokens" bigint NOT NULL,
	"is_stream" boolean NOT NULL,
	"strategy" text NOT NULL,
	"reason" text NOT NULL,
	"decision" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "traffic_hours" (
	"hour_ms" bigint NOT NULL,
	"task" text NOT NULL,
	"model_id" text NOT NULL,
	"endpoint_id" text NOT NULL,
	"key_id" text NOT NULL,
	"requests" bigint NOT NULL,
	"completed" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"cost_micro_usd" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"latency_ms_sum" double precision NOT NULL,
	"ttft_ms_sum" double precision NOT NULL,
	CONSTRAINT "traffic_hours_hour_ms_task_model_id_endpoint_id_key_id_pk" PRIMARY KEY("hour_ms","task","model_id","endpoint_id","key_id")
);
--> statement-breakpoint
CREATE INDEX "attempts_running" ON "attempts" USING btree ("instance_id") WHERE "attempts"."ending" is null;--> statement-breakpoint
CREATE INDEX "requests_created_at" ON "requests" USING btree ("created_at_ms");