-- Without one source, how many items of each benchmark are still hit by the others?
SELECT benchmark, source, instances, touched, by_this, left_without
FROM leave_one_out
WHERE by_this > 0
ORDER BY benchmark, left_without, by_this DESC, source;
