-- What became of the rows of each source, in numbers?
SELECT source, count(*) AS read, count(*) FILTER (fate = 'kept') AS kept, count(*) FILTER (fate = 'removed') AS removed,
    count(*) FILTER (fate = 'duplicate') AS duplicate, count(*) FILTER (fate = 'quarantined') AS quarantined,
    count(*) FILTER (fate = 'not-sampled') AS not_sampled, sum(copies)::BIGINT AS written
FROM documents
GROUP BY source
ORDER BY source;
