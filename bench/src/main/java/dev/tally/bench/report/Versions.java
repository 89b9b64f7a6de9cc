package dev.tally.bench.report;

import org.apache.kafka.common.utils.AppInfoParser;

/** What was measured. */
public record Versions(String kafka, String tally) {

    /** Those on the class path. */
    public static Versions here() {
        String own = Versions.class.getPackage().getImplementationVersion();
        return new Versions(AppInfoParser.getVersion(), own == null ? "unknown" : own);
    }
}
