-- Which sources overlap which benchmarks, and by how much? (Pairs without any overlap are left out.)
SELECT source, benchmark, role, instances, overlapped, round(100 * rate, 2) AS percent, flagged, documents
FROM contamination
WHERE overlapped > 0
ORDER BY rate DESC, source, benchmark;
