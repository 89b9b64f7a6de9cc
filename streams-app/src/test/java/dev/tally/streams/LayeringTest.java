package dev.tally.streams;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which package may know which. */
class LayeringTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.tally.streams");

    @Test
    void shouldKeepTheCorePure() {
        classes()
                .that()
                .resideInAPackage("..metering..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "dev.tally.keys..",
                        "dev.tally.units..",
                        "dev.tally.streams.metering..",
                        "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void shouldPointOneWay() {
        noClasses()
                .that()
                .resideInAPackage("dev.tally.streams.state..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.streams.topology..",
                        "dev.tally.streams.query..",
                        "dev.tally.streams.http..",
                        "dev.tally.streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.tally.streams.topology..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.tally.streams.query..", "dev.tally.streams.http..", "dev.tally.streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.tally.streams.query..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.streams.topology..", "dev.tally.streams.http..", "dev.tally.streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.tally.streams.requests..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.streams.topology..", "dev.tally.streams.http..", "dev.tally.streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.tally.streams.log..", "dev.tally.streams.facts..", "dev.tally.streams.alerts..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.streams.topology..",
                        "dev.tally.streams.state..",
                        "dev.tally.streams.requests..",
                        "dev.tally.streams.http..",
                        "dev.tally.streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.tally.streams.export..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.streams.topology..", "dev.tally.streams.http..", "dev.tally.streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.tally.streams.http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.streams.topology..", "dev.tally.streams.state..", "dev.tally.streams.app..")
                .check(CLASSES);
        slices().matching("dev.tally.streams.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void shouldKeepTheRulesOfAccessApartFromTheServer() {
        classes()
                .that()
                .resideInAPackage("dev.tally.streams.http.auth..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.crypto..",
                        "com.nimbusds..",
                        "io.github.bucket4j..",
                        "dev.tally.keys..",
                        "dev.tally.settings..",
                        "dev.tally.streams.http.auth..",
                        "org.jspecify..",
                        "org.slf4j..")
                .check(CLASSES);
    }

    @Test
    void shouldTouchInternalsOfKafkaStreamsWhereNothingElseWillDo() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.tally.streams.state.FastWriteBackStore")
                .and()
                // The public interface that it implements names one.
                .doNotHaveFullyQualifiedName("dev.tally.streams.query.OneStore")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka.streams..internals..")
                .check(CLASSES);
    }
}
