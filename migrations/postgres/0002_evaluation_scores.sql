CREATE TABLE "evaluation_scores" (
	"name" text NOT NULL,
	"model_id" text NOT NULL,
	"task" text NOT NULL,
	"score" double precision NOT NULL,
	"samples" bigint NOT NULL,
	"pushed_at_ms" bigint NOT NULL,
	CONSTRAINT "evaluation_scores_name_model_id_task_pk" PRIMARY KEY("name","model_id","task")
);
