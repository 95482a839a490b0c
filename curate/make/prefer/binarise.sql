-- From ratings and comparisons to one pair a prompt. An answer's rating is the mean over judges of the means over aspects.
CREATE TEMP TABLE two_ways AS  -- what a judge says of two answers once both orders are known; a null winner: inconclusive
  SELECT prompt, judge, least(first, second) AS a, greatest(first, second) AS b,
    CASE WHEN count(result) = 2 AND min(winner) = max(winner) THEN min(winner) END AS winner
  FROM (SELECT *, CASE result WHEN 'first' THEN first WHEN 'second' THEN second WHEN 'tie' THEN -1 END AS winner FROM comparisons)
  GROUP BY ALL;

CREATE TEMP TABLE judged AS
  WITH aspects AS (
    SELECT prompt, slot, judge, aspect, avg(rating) AS rating FROM ratings WHERE rating IS NOT NULL GROUP BY ALL
  ), sides AS (
    SELECT prompt, judge, unnest([a, b]) AS slot, unnest([b, a]) AS other, winner FROM two_ways WHERE winner IS NOT NULL
  )
  SELECT prompt, slot, judge, avg(rating) AS rating FROM aspects
  GROUP BY ALL HAVING count(*) >= $least_aspects OR bool_and(aspect = $verified_aspect)
  UNION ALL
  SELECT prompt, slot, judge, 1 + 4 * avg(CASE winner WHEN slot THEN 1.0 WHEN -1 THEN 0.5 ELSE 0.0 END) FROM sides GROUP BY ALL;

CREATE TEMP TABLE rated AS  -- answers that every judge of their prompt has rated
  WITH wanted AS (SELECT prompt, count(DISTINCT judge) AS n FROM judged GROUP BY prompt),
  means AS (SELECT prompt, slot, count(*) AS n, round(avg(rating), 9) AS rating FROM judged GROUP BY ALL),
  passed AS (SELECT prompt, slot, max(rating) = 5 AS passed FROM ratings WHERE aspect = $verified_aspect GROUP BY ALL)
  SELECT m.prompt, m.slot, m.rating, a.words, coalesce(a.on_policy, false) AS on_policy, coalesce(p.passed, false) AS passed,
    md5(concat_ws(' ', 'binarise', $seed, m.prompt, m.slot)) AS draw
  FROM means AS m JOIN wanted AS w USING (prompt, n) JOIN answers AS a USING (prompt, slot) LEFT JOIN passed AS p USING (prompt, slot);

CREATE TEMP TABLE best AS
  SELECT prompt, arg_max(r, (r.rating, r.draw)) AS c, count(*) AS n, min(r.rating) AS lowest
  FROM rated AS r WHERE NOT $verified OR passed GROUP BY prompt;

CREATE TEMP TABLE lower AS
  SELECT r.*, b.c.rating - r.rating AS margin, abs(b.c.words - r.words) AS apart,
    margin >= $margin - 1e-9 AS far_enough,
    ($length_apart IS NULL OR apart <= $length_apart) AS alike,
    (NOT $sided OR r.on_policy OR b.c.on_policy) AS sided,
    (NOT $verified OR NOT r.passed) AS refuted,
    NOT EXISTS (
      FROM two_ways AS t WHERE t.prompt = r.prompt AND t.a = least(r.slot, b.c.slot) AND t.b = greatest(r.slot, b.c.slot)
        AND t.winner IS DISTINCT FROM b.c.slot
    ) AS survived
  FROM rated AS r JOIN best AS b USING (prompt) WHERE r.rating < b.c.rating;

CREATE TEMP TABLE pairs AS
  WITH kept AS (
    SELECT prompt, arg_min(l, (
      CASE $rejected WHEN 'worst' THEN rating WHEN 'alike' THEN apart ELSE 0 END, draw
    )) AS r FROM lower AS l WHERE far_enough AND alike AND sided AND refuted AND survived GROUP BY prompt
  ), counts AS (
    SELECT prompt, count(*) AS n, bool_or(far_enough) AS far_enough, bool_or(far_enough AND refuted) AS refuted,
      bool_or(far_enough AND refuted AND sided) AS sided, bool_or(far_enough AND refuted AND sided AND alike) AS alike
    FROM lower GROUP BY prompt
  ), n_rated AS (SELECT prompt, count(*) AS n FROM rated GROUP BY prompt)
  SELECT p.prompt, b.c.slot AS chosen, k.r.slot AS rejected, b.c.rating AS chosen_rating, k.r.rating AS rejected_rating,
    CASE WHEN k.r IS NOT NULL THEN NULL
      WHEN coalesce(n.n, 0) < 2 THEN $too_few
      WHEN b.c IS NULL THEN 'no answer passed the verifier'
      WHEN s.n IS NULL THEN 'tie: no answer is rated lower than the best'
      WHEN NOT s.far_enough THEN 'no answer is rated lower by the margin'
      WHEN NOT s.refuted THEN 'every lower answer passed the verifier too'
      WHEN NOT s.sided THEN 'neither side would be on-policy'
      WHEN NOT s.alike THEN 'no lower answer is near enough in length'
      ELSE 'inconclusive: no verdict for the best answer survived the swap' END AS reason
  FROM (SELECT DISTINCT prompt FROM answers) AS p LEFT JOIN best AS b USING (prompt) LEFT JOIN kept AS k USING (prompt)
    LEFT JOIN counts AS s USING (prompt) LEFT JOIN n_rated AS n USING (prompt)
  ORDER BY prompt;
