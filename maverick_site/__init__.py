"""The Django project: settings, the processes of `maverick up`, and the doors they serve."""
