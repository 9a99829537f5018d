CREATE TABLE `evaluation_scores` (
	`name` text NOT NULL,
	`model_id` text NOT NULL,
	`task` text NOT NULL,
	`score` real NOT NULL,
	`samples` integer NOT NULL,
	`pushed_at_ms` integer NOT NULL,
	PRIMARY KEY(`name`, `model_id`, `task`)
);
