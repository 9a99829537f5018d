CREATE TABLE "pattern_blocks" (
	"block_ms" bigint NOT NULL,
	"task" text NOT NULL,
	"shape" text NOT NULL,
	"model_id" text NOT NULL,
	"requests" bigint NOT NULL,
	"attempts" bigint NOT NULL,
	"completed" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"cost_micro_usd" bigint NOT NULL,
	"latency_ms_sum" double precision NOT NULL,
	"successes" double precision NOT NULL,
	"shortfalls" double precision NOT NULL,
	"squares" double precision NOT NULL,
	"key_bits" bigint NOT NULL,
	CONSTRAINT "pattern_blocks_block_ms_task_shape_model_id_pk" PRIMARY KEY("block_ms","task","shape","model_id")
);
--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "shape" text DEFAULT '' NOT NULL;