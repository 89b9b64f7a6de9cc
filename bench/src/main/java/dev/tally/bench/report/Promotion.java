package dev.tally.bench.report;

/**
 * How a standby took over from an instance that was killed. All seconds but the first two count from the kill.
 *
 * @param remembered ids that the memory of ids held before the workload
 * @param readySeconds from the first instance's start until its state was restored
 * @param standbySeconds from the second instance's start until its copies were caught up
 * @param partitionsMoved partitions of the actions that the killed instance was active for
 * @param published actions that were published right after the kill
 * @param sessionTimeoutSeconds the setting: after so long without a heartbeat the broker gives an instance up
 * @param noticedSeconds until the broker had given up all of the killed instance's members
 * @param readableSeconds until the survivor was active for all partitions
 * @param countedSeconds until the survivor had counted all that was published, in all partitions
 * @param usageSeconds until the totals of it were committed
 * @param promotionSeconds of {@code countedSeconds}, what came after the broker had noticed
 * @param residentBytes peak of the survivor's resident memory
 * @param stateBytes files of the survivor's state
 */
public record Promotion(
        long remembered,
        double readySeconds,
        double standbySeconds,
        int partitionsMoved,
        int published,
        double sessionTimeoutSeconds,
        double noticedSeconds,
        double readableSeconds,
        double countedSeconds,
        double usageSeconds,
        double promotionSeconds,
        double residentBytes,
        double stateBytes) {}
