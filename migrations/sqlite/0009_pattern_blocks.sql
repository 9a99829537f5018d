CREATE TABLE `pattern_blocks` (
	`block_ms` integer NOT NULL,
	`task` text NOT NULL,
	`shape` text NOT NULL,
	`model_id` text NOT NULL,
	`requests` integer NOT NULL,
	`attempts` integer NOT NULL,
	`completed` integer NOT NULL,
	`failures` integer NOT NULL,
	`cost_micro_usd` integer NOT NULL,
	`latency_ms_sum` real NOT NULL,
	`successes` real NOT NULL,
	`shortfalls` real NOT NULL,
	`squares` real NOT NULL,
	`key_bits` integer NOT NULL,
	PRIMARY KEY(`block_ms`, `task`, `shape`, `model_id`)
);
--> statement-breakpoint
ALTER TABLE `requests` ADD `shape` text DEFAULT '' NOT NULL;