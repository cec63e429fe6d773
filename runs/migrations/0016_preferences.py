from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0015_run_notes'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='preferences',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
