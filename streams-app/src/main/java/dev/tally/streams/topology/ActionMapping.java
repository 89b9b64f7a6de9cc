package dev.tally.streams.topology;

import dev.tally.schemas.ActionEvent;
import dev.tally.streams.metering.Action;

/** From wire records to the core's types. */
final class ActionMapping {

    private ActionMapping() {}

    static Action action(ActionEvent event) {
        return new Action(
                event.getEventId(),
                event.getOccurredAt(),
                event.getUserId(),
                event.getOrgId(),
                event.getSpaceId(),
                event.getModel(),
                event.getActionType(),
                event.getTrigger().name(),
                event.getReadOnly(),
                event.getUsage(),
                event.getAdmissionId(),
                event.getReverses());
    }
}
