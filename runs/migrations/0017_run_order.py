
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0016_preferences'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='run',
            options={'ordering': ('-created_at', '-id')},
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_status_id',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_workflow_id',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_open',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_golden',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_created',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_kind_id',
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='run_by_id',
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['status', '-created_at', '-id'], name='run_status_time'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['workflow_name', '-created_at', '-id'], name='run_workflow_time'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('status__in', ['queued', 'running', 'waiting', 'paused'])), fields=['-created_at', '-id'], name='run_open'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('golden_name__isnull', False)), fields=['-created_at', '-id'], name='run_golden'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['-created_at', '-id'], name='run_created'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('kind', ''), _negated=True), fields=['kind', '-created_at', '-id'], name='run_kind_time'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['created_by', '-created_at', '-id'], name='run_by_time'),
        ),
    ]
