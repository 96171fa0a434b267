{{ no_observation() }}
