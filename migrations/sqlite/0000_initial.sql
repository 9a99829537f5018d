CREATE TABLE `attempts` (
	`request_id` text NOT NULL,
	`number` integer NOT NULL,
	`key_id` text NOT NULL,
	`task` text NOT NULL,
	`model_id` text NOT NULL,
	`endpoint_id` text NOT NULL,
	`provider` text NOT NULL,
	`epoch` integer NOT NULL,
	`started_at_ms` integer NOT NULL,
	`propensity` real NOT NULL,
	`estimated_cost_micro_usd` integer NOT NULL,
	`instance_id` integer NOT NULL,
	`ending` text,
	`ended_at_ms` integer,
	`http_status` integer DEFAULT 0 NOT NULL,
	`finish_reason` text DEFAULT '' NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`cached_input_tokens` integer DEFAULT 0 NOT NULL,
	`cost_micro_usd` integer DEFAULT 0 NOT NULL,
	`is_cost_estimated` integer DEFAULT false NOT NULL,
	`ttft_ms` real DEFAULT 0 NOT NULL,
	`latency_ms` real DEFAULT 0 NOT NULL,
	`error_code` text DEFAULT '' NOT NULL,
	`automatic_source` text,
	`automatic_quality` real,
	`automatic_weight` real,
	`automatic_counts` integer DEFAULT true NOT NULL,
	PRIMARY KEY(`request_id`, `number`)
);
--> statement-breakpoint
CREATE INDEX `attempts_running` ON `attempts` (`instance_id`) WHERE "attempts"."ending" is null;--> statement-breakpoint
CREATE TABLE `belief_sums` (
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`task` text NOT NULL,
	`source` text NOT NULL,
	`epoch` integer NOT NULL,
	`a` real NOT NULL,
	`b` real NOT NULL,
	`c` real NOT NULL,
	PRIMARY KEY(`kind`, `subject`, `task`, `source`, `epoch`)
);
--> statement-breakpoint
CREATE TABLE `feedback` (
	`request_id` text NOT NULL,
	`source_name` text NOT NULL,
	`source` text NOT NULL,
	`quality` real NOT NULL,
	`weight` real NOT NULL,
	`comment` text NOT NULL,
	`signals` text NOT NULL,
	`updated_at_ms` integer NOT NULL,
	PRIMARY KEY(`request_id`, `source_name`)
);
--> statement-breakpoint
CREATE TABLE `keys` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`prefix` text NOT NULL,
	`scopes` text NOT NULL,
	`allowed_models` text,
	`plan` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer,
	`revoked_at_ms` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_hash_unique` ON `keys` (`hash`);--> statement-breakpoint
CREATE TABLE `model_epochs` (
	`model_id` text NOT NULL,
	`epoch` integer NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`cause` text NOT NULL,
	PRIMARY KEY(`model_id`, `epoch`)
);
--> statement-breakpoint
CREATE TABLE `requests` (
	`request_id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`requested_model` text NOT NULL,
	`task` text NOT NULL,
	`task_confidence` real NOT NULL,
	`complexity` real NOT NULL,
	`language` text NOT NULL,
	`input_tokens` integer NOT NULL,
	`is_stream` integer NOT NULL,
	`strategy` text NOT NULL,
	`reason` text NOT NULL,
	`decision` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `requests_created_at` ON `requests` (`created_at_ms`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `traffic_hours` (
	`hour_ms` integer NOT NULL,
	`task` text NOT NULL,
	`model_id` text NOT NULL,
	`endpoint_id` text NOT NULL,
	`key_id` text NOT NULL,
	`requests` integer NOT NULL,
	`completed` integer NOT NULL,
	`failures` integer NOT NULL,
	`cost_micro_usd` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`latency_ms_sum` real NOT NULL,
	`ttft_ms_sum` real NOT NULL,
	PRIMARY KEY(`hour_ms`, `task`, `model_id`, `endpoint_id`, `key_id`)
);
