package dev.tally.streams.state;

import dev.tally.schemas.AppliedMeter;
import dev.tally.schemas.AppliedRate;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.MeterDefinition.Aggregation;
import dev.tally.streams.metering.MeterSet;
import java.util.List;

/** Meters as a note of the intake tells them. */
public final class AppliedMeters {

    /** Of a note that tells no meters, only since when notes are taken: the offset of no action. */
    public static final long FROM_NOWHERE = Long.MAX_VALUE;

    private AppliedMeters() {}

    /** For a note. */
    public static List<AppliedMeter> of(MeterSet meters) {
        return meters.meters().stream().map(AppliedMeters::of).toList();
    }

    private static AppliedMeter of(MeterDefinition meter) {
        MeterDefinition.Filter filter = meter.filter();
        return new AppliedMeter(
                meter.meterId(),
                meter.aggregation() == Aggregation.COUNT,
                meter.units(),
                filter == null ? null : filter.actionType(),
                filter == null ? null : filter.model(),
                filter == null ? null : filter.trigger(),
                meter.rates().stream()
                        .map(rate -> new AppliedRate(rate.match(), rate.perAction(), rate.unit(), rate.per1000()))
                        .toList());
    }

    /** From a note. What they are called at Stripe is not noted: it changes no amount. */
    public static MeterSet toSet(List<AppliedMeter> noted) {
        return new MeterSet(noted.stream().map(AppliedMeters::definition).toList());
    }

    private static MeterDefinition definition(AppliedMeter meter) {
        return new MeterDefinition(
                meter.getMeterId(),
                meter.getCounts() ? Aggregation.COUNT : Aggregation.SUM,
                meter.getUnits(),
                new MeterDefinition.Filter(meter.getActionType(), meter.getModel(), meter.getTrigger()),
                meter.getRates().stream()
                        .map(rate -> new MeterDefinition.Rate(
                                rate.getMatch(), rate.getPerAction(), rate.getUnit(), rate.getPer1000()))
                        .toList(),
                meter.getMeterId());
    }
}
