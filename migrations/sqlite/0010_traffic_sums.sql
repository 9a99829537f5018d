CREATE TABLE `rolled_days` (
	`day_ms` integer PRIMARY KEY NOT NULL,
	`until_ms` integer NOT NULL,
	`closing_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `traffic_sums` (
	`level` text NOT NULL,
	`start_ms` integer NOT NULL,
	`key_id` text NOT NULL,
	`task` text NOT NULL,
	`model_id` text NOT NULL,
	`requests` integer NOT NULL,
	`completed` integer NOT NULL,
	`failures` integer NOT NULL,
	`cost_micro_usd` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`units` real NOT NULL,
	`latency_ms_sum` real NOT NULL,
	`ttft_ms_sum` real NOT NULL,
	PRIMARY KEY(`level`, `start_ms`, `key_id`, `task`, `model_id`)
);
--> statement-breakpoint
CREATE INDEX `traffic_sums_of_key` ON `traffic_sums` (`level`,`key_id`,`start_ms`);