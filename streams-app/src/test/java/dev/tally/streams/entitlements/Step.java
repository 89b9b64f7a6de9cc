package dev.tally.streams.entitlements;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionRequest;
import java.time.Duration;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** One thing that happens, to the engine and to the model alike. */
public sealed interface Step {

    /** Time passes, over 0; a tick comes at the end of it. */
    record Pass(Duration duration) implements Step {}

    /** Action events arrive, so close together that one commit of the intake takes them all. */
    record Act(List<ActionEvent> events) implements Step {}

    /** A record of the catalogue is written. */
    record Put(SpecificRecord record) implements Step {}

    /** Somebody asks whether an action may run. */
    record Ask(AdmissionRequest request) implements Step {}

    /** Somebody gives an admission up. */
    record GiveUp(AdmissionCancel cancel) implements Step {}

    /** The process ends and starts again. */
    record Restart() implements Step {}
}
