CREATE TABLE "rolled_days" (
	"day_ms" bigint PRIMARY KEY NOT NULL,
	"until_ms" bigint NOT NULL,
	"closing_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "traffic_sums" (
	"level" text NOT NULL,
	"start_ms" bigint NOT NULL,
	"key_id" text NOT NULL,
	"task" text NOT NULL,
	"model_id" text NOT NULL,
	"requests" bigint NOT NULL,
	"completed" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"cost_micro_usd" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"units" double precision NOT NULL,
	"latency_ms_sum" double precision NOT NULL,
	"ttft_ms_sum" double precision NOT NULL,
	CONSTRAINT "traffic_sums_level_start_ms_key_id_task_model_id_pk" PRIMARY KEY("level","start_ms","key_id","task","model_id")
);
--> statement-breakpoint
CREATE INDEX "traffic_sums_of_key" ON "traffic_sums" USING btree ("level","key_id","start_ms");